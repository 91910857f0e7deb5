/* SPDX-License-Identifier: MPL-2.0 */
/* See names.h. */
#include "names.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop_priv.h"

#define DNS_A 1
#define DNS_AAAA 28

static void names_configure(struct names *n, struct sj_loop *loop)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    cr_assert_eq(getsockname(n->fd, (struct sockaddr *)&address, &len), 0);
    FILE *file = fopen(n->path, "w");
    cr_assert_not_null(file);
    fprintf(file, "nameserver 127.0.0.1:%u\noptions timeout:1\n", ntohs(address.sin_port));
    fclose(file);
    loop->dns_file = n->path;
}

void names_init(struct names *n, struct sj_loop *loop)
{
    *n = (struct names){.path = "/tmp/sojourn-test-XXXXXX"};
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    n->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(n->fd, (struct sockaddr *)&address, sizeof address), 0);
    int file = mkstemp(n->path);
    cr_assert_geq(file, 0);
    close(file);
    names_configure(n, loop);
}

void names_release(struct names *n)
{
    unlink(n->path);
    close(n->fd);
}

/* The record of one address behind the answer, whose name is the question's. */
static size_t names_add(uint8_t *out, int type, const char *text)
{
    uint8_t head[] = {0xC0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0, 0};
    size_t len = type == DNS_A ? 4 : 16;
    head[11] = (uint8_t)len;
    memcpy(out, head, sizeof head);
    cr_assert_eq(inet_pton(type == DNS_A ? AF_INET : AF_INET6, text, out + sizeof head), 1);
    return sizeof head + len;
}

void names_serve(struct names *n)
{
    uint8_t q[512];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    for (ssize_t got; (got = recvfrom(n->fd, q, 300, 0, (struct sockaddr *)&from, &len)) > 0;) {
        size_t size = (size_t)got;
        int type = q[size - 3];
        const char *const *list = type == DNS_A ? n->v4 : type == DNS_AAAA ? n->v6 : NULL;
        n->asked++;
        if (n->silent)
            continue;
        bool none = !n->v4[0] && !n->v6[0];
        q[2] = 0x81;
        q[3] = none ? 0x83 : 0x80;          /* NXDOMAIN, or success */
        q[7] = 0;
        memset(q + 8, 0, 4);
        for (; list && *list; list++) {
            size += names_add(q + size, type, *list);
            q[7]++;
        }
        sendto(n->fd, q, size, 0, (struct sockaddr *)&from, len);
    }
}
