# SPDX-License-Identifier: MPL-2.0
"""Users of the end-to-end tests with a client library that other people wrote (slixmpp of Debian):
the way from an account to a conversation, which all those tests have in common."""
import asyncio
import importlib.util
import unittest

from e2ebase import GATEWAY, PASSWORD

needs_slixmpp = unittest.skipUnless(importlib.util.find_spec("slixmpp"),
                                    "python3-slixmpp is not installed")


def run(coroutine, seconds=60):
    """What the coroutine returns; it fails when that takes too long."""
    return asyncio.run(asyncio.wait_for(coroutine, seconds))


async def in_thread(function, *args):
    """A step of a blocking client, while slixmpp goes on."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *args)


async def connect(port, name, *plugins, resource="slixmpp"):
    """A user whose stream is open and who has said nothing yet. Available presences and messages
    with a body gather in its queues; plugins are numbers of XEPs."""
    import slixmpp
    user = slixmpp.ClientXMPP("%s@localhost/%s" % (name, resource), PASSWORD)
    for number in plugins:
        user.register_plugin("xep_%04d" % number)
    user["feature_mechanisms"].unencrypted_plain = True
    user["feature_mechanisms"].unencrypted_scram = True
    user.auto_authorize = user.auto_subscribe = True
    user.presences, user.messages, started = asyncio.Queue(), asyncio.Queue(), asyncio.Event()
    user.add_event_handler("session_start", lambda _: started.set())
    user.add_event_handler("presence_available", user.presences.put_nowait)
    user.add_event_handler("message", user.messages.put_nowait)
    user.connect(("127.0.0.1", port), disable_starttls=True)
    await started.wait()
    return user


async def log_in(port, name, *plugins, resource="slixmpp"):
    """A user who is available, and whose roster is known."""
    user = await connect(port, name, *plugins, resource=resource)
    user.send_presence()
    await user.get_roster()
    return user


async def register(user):
    """With the gateway, by a legacy field, as the name of the account; until it is logged in."""
    from slixmpp.xmlstream import ET
    iq = user.make_iq_set(ito=GATEWAY)
    query = ET.SubElement(iq.xml, "{jabber:iq:register}query")
    ET.SubElement(query, "{jabber:iq:register}username").text = user.boundjid.user
    answer = await iq.send()
    assert answer["type"] == "result", answer
    await presence_of(user, GATEWAY)


async def presence_of(user, jid):
    """The next available presence from there."""
    while True:
        presence = await user.presences.get()
        if presence["from"].bare == jid:
            return presence


async def message_of(user, jid, part=""):
    """The next message from there whose body holds the part."""
    while True:
        message = await user.messages.get()
        if message["from"].bare == jid and message["body"] and part in message["body"]:
            return message
