/* SPDX-License-Identifier: MPL-2.0 */
/* ipaddr.c: the table of what is open network, at the edges of each range, and subnets. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sojourn/ipaddr.h"

static void address_set(struct sockaddr_storage *out, const char *text)
{
    memset(out, 0, sizeof *out);
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        v4->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        v6->sin6_family = AF_INET6;
    else
        cr_assert_fail("%s is no address", text);
}

static const char *const open_rows[] = {
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
    "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
    "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8",
    "2001:200::", "2001:db7:ffff:ffff::1", "2001:db9::", "2003::1", "2606:4700::1111",
    "2a00:1450::1", "3ffe:ffff::1", "3fff:1000::", "3fff:ffff::1", "2000::",
};

static const char *const closed_rows[] = {
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
    "127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254",
    "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0",
    "192.0.2.255", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0",
    "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.0", "239.255.255.255", "240.0.0.0",
    "255.255.255.255",
    "::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8", "64:ff9b::1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "1fff::1",
    "2001::1", "2001:0:ffff::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1",
    "2001:db8::", "2001:db8:ffff:ffff::1", "2002::1", "2002:7f00:1::", "3fff::1", "3fff:fff::1",
    "4000::1", "5f00::1", "fc00::1", "fd00::1", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1",
    "ff00::1", "ff02::1", "ffff::1",
};

Test(ipaddr, tells_open_network_from_the_rest)
{
    struct sockaddr_storage address;
    for (size_t i = 0; i < sizeof open_rows / sizeof open_rows[0]; i++) {
        address_set(&address, open_rows[i]);
        cr_expect(sj_ipaddr_is_public((struct sockaddr *)&address), "%s", open_rows[i]);
    }
    for (size_t i = 0; i < sizeof closed_rows / sizeof closed_rows[0]; i++) {
        address_set(&address, closed_rows[i]);
        cr_expect_not(sj_ipaddr_is_public((struct sockaddr *)&address), "%s", closed_rows[i]);
    }
}

Test(ipaddr, knows_internet_addresses_only)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/x"};
    struct sj_subnet all;
    char text[SJ_IPADDR_TEXT_MAX];
    cr_assert_eq(sj_subnet_parse(&all, "::/0", NULL), SJ_OK);
    cr_assert_not(sj_ipaddr_is_public((struct sockaddr *)&local));
    cr_assert_not(sj_subnet_has(&all, (struct sockaddr *)&local));
    cr_assert_str_eq(sj_ipaddr_text(text, (struct sockaddr *)&local), "?");
}

static const struct {
    const char *subnet, *address;
    bool has;
} subnet_rows[] = {
    {"127.0.0.0/8", "127.255.255.255", true},
    {"127.0.0.0/8", "128.0.0.0", false},
    {"127.0.0.0/8", "126.255.255.255", false},
    {"127.0.0.0/8", "::ffff:127.0.0.1", true},
    {"127.0.0.0/8", "::1", false},
    {"192.168.1.1", "192.168.1.1", true},
    {"192.168.1.1", "192.168.1.2", false},
    {"192.168.2.0/23", "192.168.3.255", true},
    {"192.168.2.0/23", "192.168.4.0", false},
    {"0.0.0.0/0", "203.0.113.7", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "2001:db8::1", true},
    {"::/0", "10.0.0.1", false},
    {"::/0", "::ffff:10.0.0.1", false},
    {"2001:db8:8000::/33", "2001:db8:ffff::1", true},
    {"2001:db8:8000::/33", "2001:db8:7fff::1", false},
    {"::1", "::1", true},
    {"::1", "::2", false},
    {"::ffff:10.0.0.0/104", "10.9.9.9", true},
};

Test(ipaddr, finds_addresses_in_subnets)
{
    for (size_t i = 0; i < sizeof subnet_rows / sizeof subnet_rows[0]; i++) {
        struct sj_subnet subnet;
        struct sockaddr_storage address;
        struct sj_error err = {0};
        cr_assert_eq(sj_subnet_parse(&subnet, subnet_rows[i].subnet, &err), SJ_OK, "%s", err.text);
        address_set(&address, subnet_rows[i].address);
        cr_expect_eq(sj_subnet_has(&subnet, (struct sockaddr *)&address), subnet_rows[i].has,
                     "%s in %s", subnet_rows[i].address, subnet_rows[i].subnet);
    }
}

Test(ipaddr, refuses_what_is_no_subnet)
{
    static const char *const rows[] = {
        "", "/", "/8", "x", "10", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
        "10.0.0.0/-0", "10.0.0.0/8x", "10.0.0.0/8/8", "10.0.0.1/8", " 10.0.0.0/8", "010.0.0.0/8",
        "0x0a.0.0.0/8", "167772160/8", "::/129", "::1/127", "fe80::1%eth0", "[::1]",
        "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/32",
        "10.0.0.0/99999999999",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_subnet subnet;
        struct sj_error err = {0};
        cr_expect_eq(sj_subnet_parse(&subnet, rows[i], &err), SJ_INVALID, "%s", rows[i]);
        cr_expect_neq(err.text[0], '\0');
    }
}

Test(ipaddr, writes_addresses)
{
    struct sockaddr_storage address;
    char text[SJ_IPADDR_TEXT_MAX];
    static const char *const rows[] = {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        address_set(&address, rows[i]);
        cr_expect_str_eq(sj_ipaddr_text(text, (struct sockaddr *)&address), rows[i]);
    }
}
