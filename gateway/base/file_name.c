/* SPDX-License-Identifier: MPL-2.0 */
/* Names and types of files that strangers chose, made fit to be shown and passed on. Characters are
 * judged after percent-decoding, so that no separator hides in a URL. */
#include "sojourn/file_name.h"

#include <string.h>

#include "sojourn/strbuf.h"

#define NAME_ENDING_MAX 16u              /* bytes of ".jpeg" and the like */
#define NAME_RAW_MAX 4096u

/* Would it change how the text around it is shown? (Unicode bidirectional controls, zero width) */
static bool name_char(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || !sj_xml_char(cp))
        return false;
    if ((cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e))
        return false;
    return !(cp >= 0x2060 && cp <= 0x206f) && cp != 0xfeff && cp != 0xfffd;
}

static void name_filter(struct sj_strbuf *out, const char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t used = sj_utf8_decode(p + i, n - i, &cp);
        if (used > 0 && name_char(cp) && !(out->len == 0 && (cp == '.' || cp == ' ')))
            sj_strbuf_add(out, p + i, used);
        i += used > 0 ? used : 1;
    }
    while (out->len > 0 && (out->s[out->len - 1] == ' ' || out->s[out->len - 1] == '.'))
        out->s[--out->len] = '\0';
}

/* Cut to fit, the ending kept: what a file is for is told by it. */
static void name_fit(char out[SJ_FILE_NAME_MAX + 1], const struct sj_strbuf *name)
{
    const char *dot = strrchr(name->s, '.');
    size_t ending = dot ? strlen(dot) : 0;
    size_t n = name->len;

    if (ending > NAME_ENDING_MAX)
        ending = 0;
    if (n > SJ_FILE_NAME_MAX) {
        n = sj_utf8_cut(name->s, name->len - ending, SJ_FILE_NAME_MAX - ending);
        memcpy(out, name->s, n);
        memcpy(out + n, name->s + name->len - ending, ending);
        n += ending;
    } else {
        memcpy(out, name->s, n);
    }
    out[n] = '\0';
}

static bool name_clean(char out[SJ_FILE_NAME_MAX + 1], const char *p, size_t n)
{
    struct sj_strbuf name;

    for (size_t i = n; i > 0; i--) {
        if (p[i - 1] == '/' || p[i - 1] == '\\' || p[i - 1] == '\0') {
            p += i;
            n -= i;
            break;
        }
    }
    sj_strbuf_init(&name, NAME_RAW_MAX);
    name_filter(&name, p, n > NAME_RAW_MAX ? sj_utf8_cut(p, n, NAME_RAW_MAX) : n);
    name_fit(out, &name);
    sj_strbuf_release(&name);
    return out[0] != '\0';
}

bool sj_file_name(char out[SJ_FILE_NAME_MAX + 1], const char *text)
{
    return name_clean(out, text ? text : "", text ? strlen(text) : 0);
}

static int name_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = sj_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sj_file_name_of_url(char out[SJ_FILE_NAME_MAX + 1], const char *url)
{
    const char *start = strstr(url, "://");
    struct sj_strbuf text;
    bool found = false;
    size_t n;

    out[0] = '\0';
    start = start ? start + 3 + strcspn(start + 3, "/?#") : "";
    if (*start != '/')
        return false;
    n = strcspn(start, "?#");
    sj_strbuf_init(&text, NAME_RAW_MAX);
    for (size_t i = 0; i < n; i++) {
        int high = start[i] == '%' && i + 2 < n ? name_hex(start[i + 1]) : -1;
        int low = high >= 0 ? name_hex(start[i + 2]) : -1;
        sj_strbuf_addc(&text, low >= 0 ? (char)(high * 16 + low) : start[i]);
        if (low >= 0)
            i += 2;
    }
    if (sj_strbuf_ok(&text))
        found = name_clean(out, text.s, text.len);
    sj_strbuf_release(&text);
    return found;
}

bool sj_media_type(char out[SJ_MEDIA_TYPE_SIZE], const char *text)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$&^_.+-";
    size_t type = text ? strspn(text, token) : 0;
    size_t whole;

    out[0] = '\0';
    if (type == 0 || text[type] != '/')
        return false;
    whole = type + 1 + strspn(text + type + 1, token);
    if (whole == type + 1 || whole >= SJ_MEDIA_TYPE_SIZE ||
        (text[whole] != '\0' && text[whole] != ';' && text[whole] != ' '))
        return false;
    for (size_t i = 0; i < whole; i++)
        out[i] = sj_ascii_lower(text[i]);
    out[whole] = '\0';
    return true;
}
