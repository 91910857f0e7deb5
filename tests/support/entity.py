# SPDX-License-Identifier: MPL-2.0
"""What must hold of every answer of service discovery: XEP-0030, XEP-0128, and the hash of XEP-0115
reckoned anew from what was sent."""
import base64
import hashlib

INFO = "http://jabber.org/protocol/disco#info"
DATA = "jabber:x:data"


def _forms(query):
    for form in query.children:
        if (form.ns, form.name) == (DATA, "x"):
            yield {f.get("var"): (f.get("type"), [v.text for v in f.children if v.name == "value"])
                   for f in form.children if f.name == "field"}, form.get("type")


def ver(query):
    """The verification string of a disco#info <query/> (XEP-0115 §5.1)."""
    identities = ["%s/%s/%s/%s<" % (c.get("category"), c.get("type"), c.get("xml:lang") or "",
                                    c.get("name") or "")
                  for c in query.children if c.name == "identity"]
    features = ["%s<" % c.get("var") for c in query.children if c.name == "feature"]
    forms = []
    for fields, _ in _forms(query):
        kind, names = fields.get("FORM_TYPE", (None, []))
        if kind != "hidden" or len(names) != 1:
            continue
        text = names[0] + "<"
        for var in sorted(set(fields) - {"FORM_TYPE"}, key=str.encode):
            text += var + "<" + "".join(v + "<" for v in sorted(fields[var][1], key=str.encode))
        forms.append(text)
    text = "".join(sorted(identities, key=str.encode)) + \
        "".join(sorted(features, key=str.encode)) + "".join(sorted(forms, key=str.encode))
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()


def faults(query):
    """What is wrong with an answer, in words."""
    if (query.ns, query.name) != (INFO, "query"):
        return
    identities = [(c.get("category"), c.get("type"), c.get("xml:lang"))
                  for c in query.children if c.name == "identity"]
    features = [c.get("var") for c in query.children if c.name == "feature"]
    if "#" in (query.get("node") or "") and query.get("node").rsplit("#", 1)[1] != ver(query):
        if query.get("node").startswith("urn:sojourn#"):
            yield "the set does not hash to its node, but to %s (G115-02)" % ver(query)
    if not identities or not all(c and t for c, t, _ in identities):
        yield "no identity, or an empty one (G030-02)"
    if len(set(identities)) != len(identities) or len(set(features)) != len(features):
        yield "an identity or a feature stands twice (G030-02)"
    if INFO not in features:
        yield "the feature disco#info is missing (G030-02)"
    types = []
    for fields, kind in _forms(query):
        form_type = fields.get("FORM_TYPE", (None, []))
        if kind != "result" or form_type[0] != "hidden" or len(form_type[1]) != 1:
            yield "a form is no result, or has no FORM_TYPE (G128-01, G115-07)"
        types += form_type[1]
    if len(set(types)) != len(types):
        yield "a FORM_TYPE stands twice (G115-09)"
