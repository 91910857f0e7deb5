# SPDX-License-Identifier: MPL-2.0
"""XML as a plain tree, and patterns that such a tree is compared with.

A pattern is XML in which
  *        in a value stands for any text (\\* for a star),
  $name    captures a value, or must equal what was captured before (${name} inside a word),
  ...      as an attribute allows further attributes, as content further content,
  <ANY/>   is any element, <NOT>x</NOT> says that no child matches x,
  {E:cancel/item-not-found}  is that error element with anything allowed beside the condition.
Attribute order and the order of children are free. Not mentioned, id and xml:lang of a stanza are
free, and so are from and to of an iq result or error (the scripted server checks them)."""
import re
from xml.parsers import expat

COMPONENT = "jabber:component:accept"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
XML_NS = "http://www.w3.org/XML/1998/namespace"
OPEN_ATTR = "sj-open-attributes"
OPEN_CHILD = "SJ-OPEN-CONTENT"


class Node:
    __slots__ = ("ns", "name", "attrs", "children", "text")

    def __init__(self, ns, name, attrs):
        self.ns, self.name, self.attrs, self.children, self.text = ns, name, attrs, [], ""

    def find(self, name, ns=None):
        for child in self.children:
            if child.name == name and (ns is None or child.ns == ns):
                return child
        return None

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def get(self, attr):
        return self.attrs.get(attr)


def _split(name):
    ns, _, local = name.rpartition(" ")
    return ns, local


class TreeBuilder:
    """Feeds expat; calls header(node) for the root's start and done(node) for each child of it."""

    def __init__(self, header, done, end):
        self.header, self.done, self.end = header, done, end
        self.stack = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _start(self, name, attrs):
        ns, local = _split(name)
        plain = {}
        for key, value in attrs.items():
            key_ns, key_local = _split(key)
            plain[("xml:" if key_ns == XML_NS else key_ns + " " if key_ns else "") + key_local] = \
                value
        node = Node(ns, local, plain)
        if not self.stack:
            self.header(node)
        elif len(self.stack) > 1:
            self.stack[-1].children.append(node)
        self.stack.append(node)

    def _end(self, _):
        node = self.stack.pop()
        if len(self.stack) == 1:
            self.done(node)
        elif not self.stack:
            self.end()

    def _text(self, text):
        if len(self.stack) > 1:
            self.stack[-1].text += text

    def feed(self, data):
        self.parser.Parse(data, False)


def parse(text, ns=COMPONENT):
    """One element; elements without a namespace are in ns."""
    found = []
    builder = TreeBuilder(lambda node: None, found.append, lambda: None)
    builder.parser.Parse("<wrapper xmlns='%s'>%s</wrapper>" % (ns, text), True)
    if len(found) != 1:
        raise ValueError("one element expected, not %d: %s" % (len(found), text[:200]))
    return found[0]


def _escape(text, quote=False):
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("'", "&apos;") if quote else text


def format_node(node, ns=COMPONENT):
    """The tree as XML, for people."""
    out = "<" + node.name
    if node.ns != ns:
        out += " xmlns='%s'" % node.ns
    for key, value in node.attrs.items():
        out += " %s='%s'" % (key, _escape(value, True))
    if not node.children and not node.text:
        return out + "/>"
    return out + ">" + _escape(node.text) + "".join(format_node(c, node.ns) for c in
                                                      node.children) + "</%s>" % node.name


_VAR = re.compile(r"\$(?:\{([a-zA-Z_][a-zA-Z0-9_]*)\}|([a-zA-Z_][a-zA-Z0-9_]*))")
_TOKEN = re.compile(r"\\\*|\*|\$\$|" + _VAR.pattern)


def expand(text, variables):
    """text with every $name replaced; an unknown one is an error of the scenario."""
    def one(m):
        if m.group(0) == "$$":
            return "$"
        name = m.group(1) or m.group(2)
        if name not in variables:
            raise KeyError("variable $%s has no value" % name)
        return variables[name]
    return re.sub(r"\$\$|" + _VAR.pattern, one, text)


def bind(text, variables):
    """A pattern in which the variables that have a value now are replaced."""
    return _VAR.sub(lambda m: variables.get(m.group(1) or m.group(2), m.group(0)), text)


def glob(pattern, value, variables):
    """Does value match? New captures are added to variables."""
    if pattern == value and "$" not in pattern and "*" not in pattern:
        return True
    regex, last, names = "", 0, []
    for m in _TOKEN.finditer(pattern):
        regex += re.escape(pattern[last:m.start()])
        last = m.end()
        token = m.group(0)
        if token in ("\\*", "$$"):
            regex += re.escape(token[1:])
        elif token == "*":
            regex += ".*"
        else:
            name = m.group(1) or m.group(2)
            if name in variables:
                regex += re.escape(variables[name])
            elif name in names:
                regex += "(?P=%s)" % name
            else:
                names.append(name)
                regex += "(?P<%s>.+)" % name
    m = re.fullmatch(regex + re.escape(pattern[last:]), value, re.S)
    if not m:
        return False
    variables.update(m.groupdict())
    return True


_ERROR = re.compile(r"\{E:([a-z]+)/([a-z-]+)\}")


def pattern(text, ns=COMPONENT):
    """The pattern that a text describes; elements without a namespace are in ns."""
    text = _ERROR.sub(
        lambda m: "<error type='%s' ...><%s xmlns='%s'/>...</error>" % (m[1], m[2], STANZAS), text)
    out = ""
    for piece in re.split(r"(<[^<>]*>)", text):
        if piece.startswith("<"):
            piece = re.sub(r"\s\.\.\.(?=\s*/?>$)", " %s=''" % OPEN_ATTR, piece)
        elif piece.strip() == "...":
            piece = "<%s/>" % OPEN_CHILD
        out += piece
    return parse(out, ns)


class Mismatch(Exception):
    pass


def _match_attrs(want, got, variables, top):
    free = {"xml:lang"}
    if top:
        free.add("id")
        if want.name == "iq" and want.get("type") in ("result", "error"):
            free |= {"from", "to"}
    for key, value in want.attrs.items():
        if key == OPEN_ATTR:
            continue
        if key not in got.attrs:
            raise Mismatch("<%s> lacks %s" % (want.name, key))
        if not glob(value, got.attrs[key], variables):
            raise Mismatch("%s of <%s> is '%s'" % (key, want.name, got.attrs[key]))
    if OPEN_ATTR not in want.attrs:
        for key, value in got.attrs.items():
            if key not in want.attrs and key not in free:
                raise Mismatch("<%s> has %s='%s'" % (want.name, key, value))


def _match_children(want, got, variables):
    rest, is_open = list(got.children), False
    refused = []
    for child in want.children:
        if child.name == OPEN_CHILD:
            is_open = True
        elif child.name == "NOT":
            refused += child.children
        elif child.name == "ANY":
            if not rest:
                raise Mismatch("<%s> has no further child" % want.name)
            rest.pop(0)
        else:
            why = None
            for candidate in rest:
                trial = dict(variables)
                try:
                    _match(child, candidate, trial, False)
                except Mismatch as e:
                    if candidate.name == child.name and (why is None or "'" in str(e)):
                        why = e
                    continue
                variables.update(trial)
                rest.remove(candidate)
                break
            else:
                raise why or Mismatch("<%s> lacks <%s xmlns='%s'>" % (want.name, child.name,
                                                                      child.ns))
    for child in refused:
        for candidate in got.children:
            try:
                _match(child, candidate, dict(variables), False)
            except Mismatch:
                continue
            raise Mismatch("<%s> holds %s" % (want.name, format_node(candidate)))
    if rest and not is_open:
        raise Mismatch("<%s> also holds %s" % (want.name, format_node(rest[0])))
    return is_open


def _match(want, got, variables, top):
    if (want.ns, want.name) != (got.ns, got.name):
        raise Mismatch("<%s xmlns='%s'> instead of <%s xmlns='%s'>" % (got.name, got.ns, want.name,
                                                                       want.ns))
    _match_attrs(want, got, variables, top)
    is_open = _match_children(want, got, variables)
    if want.children or got.children:
        ok = not want.text.strip() and (is_open or not got.text.strip()) or \
            glob(want.text.strip(), got.text.strip(), variables)
    else:
        ok = glob(want.text, got.text, variables)
    if not ok:
        raise Mismatch("text of <%s> is '%s'" % (want.name, got.text))


def match(want, got, variables):
    """None when got matches the pattern (captures are added to variables), else why not."""
    trial = dict(variables)
    try:
        _match(want, got, trial, True)
    except Mismatch as e:
        return str(e)
    variables.update(trial)
    return None
