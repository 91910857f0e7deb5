/* SPDX-License-Identifier: MPL-2.0 */
/* Which texts both generations of XMPP servers leave alone as a localpart. */
#include "address_table.h"

bool address_is_stable(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c < ' ' || c >= 0x7f || (c >= 'A' && c <= 'Z'))
            return false;
    }
    return true;
}
