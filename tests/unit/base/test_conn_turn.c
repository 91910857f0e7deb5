/* SPDX-License-Identifier: MPL-2.0 */
/* How conns share the turns of their loop. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop_priv.h"
#include "wire.h"

#define MANY (LOOP_FEW + 4)

/* Further wires on the loop of the first. */
static void wires_init(struct wire *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        wire_init(&w[i]);
        if (i > 0) {
            sj_loop_free(&w[i].loop);
            w[i].loop = w[0].loop;
        }
        wire_establish(&w[i]);
    }
}

static void wires_release(struct wire *w, unsigned n)
{
    for (unsigned i = n; i-- > 0;) {
        if (i > 0)
            w[i].loop = NULL;
        wire_release(&w[i]);
    }
}

/* As long as a turn may take. */
static void take_long(void)
{
    struct timespec begin, now;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000 + (now.tv_nsec - begin.tv_nsec) / 1000 <=
           LOOP_TURN_US);
}

static void read_long(struct wire *w)
{
    take_long();
    wire_read(w);
}

Test(conn_turn, leaves_the_others_to_the_next_turn_when_it_is_over)
{
    struct wire w[3];
    wires_init(w, 3);
    for (unsigned i = 0; i < 3; i++) {
        w[i].on_data = read_long;
        wire_peer_send(&w[i], "x");
    }
    for (unsigned turn = 1; turn <= 3; turn++) {
        sj_loop_turn(w[0].loop, 0);
        cr_assert_eq(w[0].datas + w[1].datas + w[2].datas, turn);
    }
    for (unsigned i = 0; i < 3; i++)
        cr_assert_str_eq(w[i].input.s, "x");
    wires_release(w, 3);
}

static void read_line_long(struct wire *w)
{
    char *line;
    size_t n;
    take_long();
    if (sj_conn_line(w->conn, 512, &line, &n) != SJ_LINE_OK)
        return;
    sj_strbuf_adds(&w->input, line);
    sj_conn_again(w->conn);
}

Test(conn_turn, lets_one_with_more_go_on_beside_one_with_new_input)
{
    struct wire w[2];
    wires_init(w, 2);
    w[0].on_data = read_line_long;
    w[1].on_data = read_long;
    wire_peer_send(&w[0], "a\nb\nc\n");
    sj_loop_turn(w[0].loop, 0);
    cr_assert_str_eq(w[0].input.s, "a");
    wire_peer_send(&w[1], "new");
    sj_loop_turn(w[0].loop, 0);
    cr_assert_str_eq(w[1].input.s, "new");
    cr_assert_str_eq(w[0].input.s, "ab");
    wires_release(w, 2);
}

Test(conn_turn, forgets_one_that_was_paused_while_it_waited)
{
    struct wire w[2];
    wires_init(w, 2);
    for (unsigned i = 0; i < 2; i++) {
        w[i].on_data = read_long;
        wire_peer_send(&w[i], "x");
    }
    sj_loop_turn(w[0].loop, 0);
    struct wire *late = w[0].datas == 0 ? &w[0] : &w[1];
    sj_conn_pause(late->conn, true);
    wire_turns(late, 3);
    cr_assert_eq(late->datas, 0);
    sj_conn_pause(late->conn, false);
    sj_loop_turn(w[0].loop, 1000);
    cr_assert_str_eq(late->input.s, "x");
    wires_release(w, 2);
}

static void answer(struct wire *w)
{
    wire_read(w);
    sj_conn_write(w->conn, "y", 1);
}

Test(conn_turn, writes_for_many_when_there_is_nothing_to_read)
{
    struct wire w[MANY];
    char got[2];
    wires_init(w, MANY);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            w[i].on_data = answer;
            wire_peer_send(&w[i], "x");
        }
        for (unsigned i = 0; i < MANY; i++)
            wire_peer_expect(&w[i], got, 1);
    }
    wires_release(w, MANY);
}
