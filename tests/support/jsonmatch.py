# SPDX-License-Identifier: MPL-2.0
"""Patterns that JSON is compared with.

A pattern is JSON in which
  "*" and $name within a string mean what they mean in xmlmatch,
  *            where a value stands is any value,
  ...          as the last member allows further members, as the last item further items."""
import json

import xmlmatch

ANY, OPEN = "\ue000any", "\ue000open"


def pattern(text):
    """The pattern that a text describes."""
    out, i, closers = "", 0, []
    while i < len(text):
        c = text[i]
        if c == '"':
            end = i + 1
            while text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            out += text[i:end + 1]
            i = end
        elif text.startswith("...", i):
            out += json.dumps(OPEN) + (": null" if closers[-1:] == ["}"] else "")
            i += 2
        elif c == "*":
            out += json.dumps(ANY)
        else:
            if c in "{[":
                closers.append("}" if c == "{" else "]")
            elif c in "}]":
                closers.pop()
            out += c
        i += 1
    return json.loads(out)


def expand(value, variables):
    """The value with $name replaced in all its strings, names of members as well."""
    if isinstance(value, str):
        return xmlmatch.expand(value, variables)
    if isinstance(value, list):
        return [expand(v, variables) for v in value]
    if isinstance(value, dict):
        return {xmlmatch.expand(k, variables): expand(v, variables) for k, v in value.items()}
    return value


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "..."


def _match(want, got, variables, where):
    """None, or why got does not match."""
    if want == ANY:
        return None
    if isinstance(want, str):
        if not isinstance(got, str) or not xmlmatch.glob(want, got, variables):
            return "%s is %s" % (where or "it", short(got))
    elif isinstance(want, dict):
        return _match_object(want, got, variables, where)
    elif isinstance(want, list):
        return _match_array(want, got, variables, where)
    elif type(want) is not type(got) or want != got:
        return "%s is %s" % (where or "it", short(got))
    return None


def _match_object(want, got, variables, where):
    if not isinstance(got, dict):
        return "%s is %s" % (where or "it", short(got))
    names = {xmlmatch.expand(k, variables): v for k, v in want.items() if k != OPEN}
    for name, value in names.items():
        inner = "%s.%s" % (where, name) if where else name
        if name not in got:
            return "%s is missing" % inner
        why = _match(value, got[name], variables, inner)
        if why:
            return why
    extra = [k for k in got if k not in names]
    if extra and OPEN not in want:
        return "%s also holds %s: %s" % (where or "it", extra[0], short(got[extra[0]]))
    return None


def _match_array(want, got, variables, where):
    items = [v for v in want if v != OPEN]
    if not isinstance(got, list) or len(got) < len(items) or \
            (len(got) > len(items) and OPEN not in want):
        return "%s is %s" % (where or "it", short(got))
    for i, value in enumerate(items):
        why = _match(value, got[i], variables, "%s[%d]" % (where, i))
        if why:
            return why
    return None


def match(want, got, variables):
    """None when got matches the pattern (captures are added to variables), else why not."""
    trial = dict(variables)
    why = _match(want, got, trial, "")
    if why is None:
        variables.update(trial)
    return why
