# SPDX-License-Identifier: MPL-2.0
"""What breaks, in which order and for how long: all of it from the seed.

A fault is a method of World (world.py) by its name here, with the place where it happens; FAULTS
gives the shortest and the longest duration in seconds."""
import collections
import random

Fault = collections.namedtuple("Fault", "name method place seconds")

FAULTS = {
    "link cut": ("cut", "net", 0.2, 1.5),
    "link reset": ("reset", "net", 0.2, 1.5),
    "link half-open": ("half_open", "net", 4, 9),
    "link held": ("hold", "net", 1, 4),
    "link delayed": ("delay", "net", 1, 4),
    "link throttled": ("throttle", "net", 1, 4),
    "link chopped": ("chop", "net", 1, 4),
    "link refused": ("refuse", "net", 1, 4),
    "component cut": ("cut", "xmpp", 0.2, 1.5),
    "component reset": ("reset", "xmpp", 0.2, 1.5),
    "component half-open": ("half_open", "xmpp", 4, 9),
    "component held": ("hold", "xmpp", 1, 4),
    "component delayed": ("delay", "xmpp", 1, 4),
    "component throttled": ("throttle", "xmpp", 1, 4),
    "component chopped": ("chop", "xmpp", 1, 4),
    "component refused": ("refuse", "xmpp", 1, 4),
    "sojournd killed": ("kill", None, 0.1, 1.5),
    "sojournd stopped": ("stop", None, 0.1, 1.5),
    "xmpp server restarted": ("restart", "xmpp", 0.1, 2),
    "foreign server restarted": ("restart", "net", 0.1, 2),
    "disk full": ("disk_full", None, 1, 4),
    "store full": ("store_full", None, 1, 3),
    "descriptors used up": ("descriptors", None, 1, 4),
    "clock ahead": ("jump", 3, 2, 4),
    "clock back": ("jump", -3, 2, 4),
}


def schedule(seed, names, again=False):
    """Faults in an order and with durations that the seed gives: each of the names once, or again
    and again."""
    rng = random.Random("plan %d" % seed)
    while True:
        bag = sorted(names)
        rng.shuffle(bag)
        for name in bag:
            method, place, shortest, longest = FAULTS[name]
            yield Fault(name, method, place, round(rng.uniform(shortest, longest), 2))
        if not again:
            return
