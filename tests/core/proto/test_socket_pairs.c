/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which socket types may talk to which: the list of 23/ZMTP and 37/ZMTP, written out. */
#include "core/proto/socket.h"

#include <glib.h>
#include <string.h>

static const char *const pairs[] = {
    "PAIR PAIR",     "PUB SUB",         "PUB XSUB",      "XPUB SUB",      "XPUB XSUB",
    "REQ REP",       "REQ ROUTER",      "REP DEALER",    "DEALER DEALER", "DEALER ROUTER",
    "ROUTER ROUTER", "PUSH PULL",       "CLIENT SERVER", "RADIO DISH",    "SCATTER GATHER",
    "PEER PEER",     "CHANNEL CHANNEL",
};

static bool is_listed(const char *a, const char *b)
{
    char *text = g_strdup_printf("%s %s", a, b);
    bool listed = false;

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
        listed |= strcmp(pairs[i], text) == 0;
    g_free(text);
    return listed;
}

static void exactly_the_listed_pairs_may_talk(void)
{
    for (int a = ZS_SOCKET_PAIR; a < ZS_SOCKET_COUNT; a++)
        for (int b = ZS_SOCKET_PAIR; b < ZS_SOCKET_COUNT; b++) {
            const char *left = zs_socket_type_name((enum zs_socket_type)a);
            const char *right = zs_socket_type_name((enum zs_socket_type)b);
            g_assert_true(zs_socket_may_talk((enum zs_socket_type)a, (enum zs_socket_type)b) ==
                          (is_listed(left, right) || is_listed(right, left)));
        }
}

static void unknown_talks_to_nobody(void)
{
    for (int a = 0; a < ZS_SOCKET_COUNT; a++) {
        g_assert_false(zs_socket_may_talk((enum zs_socket_type)a, ZS_SOCKET_UNKNOWN));
        g_assert_false(zs_socket_may_talk(ZS_SOCKET_UNKNOWN, (enum zs_socket_type)a));
    }
}

static void types_do_what_their_patterns_say(void)
{
    g_assert_true(zs_socket_has_identity(ZS_SOCKET_REQ) &&
                  zs_socket_has_identity(ZS_SOCKET_DEALER) &&
                  zs_socket_has_identity(ZS_SOCKET_ROUTER));
    g_assert_false(zs_socket_has_identity(ZS_SOCKET_REP) || zs_socket_has_identity(ZS_SOCKET_SUB));
    g_assert_false(zs_socket_may_send(ZS_SOCKET_SUB) || zs_socket_may_send(ZS_SOCKET_PULL) ||
                   zs_socket_may_send(ZS_SOCKET_DISH) || zs_socket_may_send(ZS_SOCKET_GATHER));
    g_assert_true(zs_socket_may_send(ZS_SOCKET_XSUB) && zs_socket_may_send(ZS_SOCKET_PUSH));
    g_assert_true(zs_socket_subscribes(ZS_SOCKET_SUB) && zs_socket_subscribes(ZS_SOCKET_XSUB));
    g_assert_false(zs_socket_subscribes(ZS_SOCKET_XPUB));
    g_assert_true(zs_socket_delimits(ZS_SOCKET_REQ) && zs_socket_delimits(ZS_SOCKET_REP));
    g_assert_false(zs_socket_delimits(ZS_SOCKET_DEALER));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/socket_pairs/exactly_the_listed_pairs_may_talk",
                    exactly_the_listed_pairs_may_talk);
    g_test_add_func("/socket_pairs/unknown_talks_to_nobody", unknown_talks_to_nobody);
    g_test_add_func("/socket_pairs/types_do_what_their_patterns_say",
                    types_do_what_their_patterns_say);
    return g_test_run();
}
