/* SPDX-License-Identifier: MPL-2.0 */
/* Ids of users, rooms, aliases and events: their form, their way into names of the gateway and
 * back, and into paths (RFC 3986 §2.3). Pure functions. Source: Matrix specification, appendices,
 * "Common Identifier Format"; DESIGN: ids that differ by letter case must not merge. */
#include "mx_id.h"

#include <stdarg.h>
#include <string.h>

#include "sojourn/strbuf.h"

#define ID_NAME_MAX (MX_ID_MAX * 4)
#define SIGNS "@!#"

/* Text of at most MX_ID_MAX bytes without spaces and control characters, behind its sign. */
static bool id_is_text(const char *id, char sign)
{
    size_t n = id ? strnlen(id, MX_ID_MAX + 1) : 0;
    if (n < 2 || n > MX_ID_MAX || id[0] != sign || !sj_utf8_valid(id, n))
        return false;
    for (const char *p = id; *p; p++) {
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            return false;
    }
    return true;
}

/* The same, and its server looks like one. */
static bool id_has_form(const char *id, char sign, bool needs_server)
{
    if (!id_is_text(id, sign))
        return false;
    const char *colon = strchr(id, ':');
    if (!colon)
        return !needs_server;
    size_t n = strspn(colon + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789.-:[]");
    return colon > id + 1 && n > 0 && colon[1 + n] == '\0';
}

bool mx_id_is_user(const char *id)
{
    return id_has_form(id, '@', true);
}

bool mx_id_is_room(const char *id)
{
    return id_has_form(id, '!', false);
}

bool mx_id_is_alias(const char *id)
{
    return id_has_form(id, '#', true);
}

bool mx_id_is_event(const char *id)
{
    return id_is_text(id, '$');
}

const char *mx_id_server(const char *id)
{
    const char *colon = strchr(id, ':');
    return colon ? colon + 1 : "";
}

/* ---- names ---- */

static void name_add_byte(struct sj_strbuf *out, char c)
{
    if (c >= 'A' && c <= 'Z') {
        sj_strbuf_addc(out, '^');
        sj_strbuf_addc(out, sj_ascii_lower(c));
    } else if ((unsigned char)c >= 0x80) {
        sj_strbuf_addf(out, "^=%02x", (unsigned)(unsigned char)c);
    } else if (c == '^') {
        sj_strbuf_adds(out, "^^");
    } else {
        sj_strbuf_addc(out, c);
    }
}

void mx_id_encode(struct sj_strbuf *out, const char *id)
{
    /* a user whose name looks like an id of something else keeps the sign */
    bool bare = id[0] == '@' && id[1] && !strchr(SIGNS, id[1]);

    for (const char *p = bare ? id + 1 : id; *p; p++)
        name_add_byte(out, *p);
}

static int name_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the sequence behind ^ at p; its length, 0: it is none. */
static size_t name_sequence(const char *p, char *out)
{
    if (p[0] == '^' || (p[0] >= 'a' && p[0] <= 'z')) {
        *out = p[0] == '^' ? '^' : (char)(p[0] - 'a' + 'A');
        return 1;
    }
    if (p[0] != '=' || name_hex(p[1]) < 8 || name_hex(p[2]) < 0)
        return 0;
    *out = (char)(unsigned char)(name_hex(p[1]) * 16 + name_hex(p[2]));
    return 3;
}

static void name_read(struct sj_strbuf *out, const char *name)
{
    for (const char *p = name; *p; p++) {
        char c = *p;
        if (c == '^')
            p += name_sequence(p + 1, &c);
        sj_strbuf_addc(out, c);
    }
}

bool mx_id_decode(struct sj_strbuf *out, const char *name, const char *server)
{
    struct sj_strbuf id;
    bool good = name[0] != '\0' && strnlen(name, ID_NAME_MAX + 1) <= ID_NAME_MAX;
    sj_strbuf_init(&id, ID_NAME_MAX);
    if (good) {
        if (!strchr(SIGNS, name[0]))
            sj_strbuf_addc(&id, '@');
        name_read(&id, name);
        if (server && id.s[0] != '!' && !strchr(id.s, ':'))
            sj_strbuf_addf(&id, ":%s", server);
        good = sj_strbuf_ok(&id) && sj_utf8_valid(id.s, id.len) &&
               (mx_id_is_user(id.s) || mx_id_is_room(id.s) || mx_id_is_alias(id.s));
    }
    if (good)
        sj_strbuf_add(out, id.s, id.len);
    sj_strbuf_release(&id);
    return good;
}

bool mx_id_canon(struct sj_strbuf *out, const char *typed, const char *server)
{
    struct sj_strbuf id;
    sj_strbuf_init(&id, ID_NAME_MAX);
    bool good = mx_id_decode(&id, typed, server);
    if (good)
        mx_id_encode(out, id.s);
    sj_strbuf_release(&id);
    return good;
}

/* ---- paths ---- */

static void path_add(struct sj_strbuf *out, const char *s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";
    /* A part of dots only would be taken for a way up. */
    bool dots = s[strspn(s, ".")] == '\0';
    for (; *s; s++) {
        if (strchr(plain, *s) && !(dots && *s == '.'))
            sj_strbuf_addc(out, *s);
        else
            sj_strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*s);
    }
}

void mx_path(struct sj_strbuf *out, const char *pattern, ...)
{
    va_list ap;
    va_start(ap, pattern);
    for (; *pattern; pattern++) {
        if (*pattern == '*')
            path_add(out, va_arg(ap, const char *));
        else
            sj_strbuf_addc(out, *pattern);
    }
    va_end(ap);
}
