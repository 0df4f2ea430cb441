/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of numbers that more than one format writes. */
#include "analyzer/report/report.h"

const char *zs_gss_flag_name(unsigned bit)
{
    /* RFC 2744, appendix A, and MIT's and Microsoft's extensions. */
    static const char *const names[] = {
        [0] = "deleg", [1] = "mutual", [2] = "replay",    [3] = "sequence",
        [4] = "conf",  [5] = "integ",  [6] = "anon",      [7] = "prot",
        [8] = "trans", [12] = "dce",   [13] = "identify", [14] = "ext-err",
    };
    return bit < sizeof names / sizeof names[0] ? names[bit] : NULL;
}

const char *zs_event_name(enum zs_event_kind kind)
{
    static const char *const names[] = {
        [ZS_EVENT_CONNECTION] = "connection",
        [ZS_EVENT_GREETING] = "greeting",
        [ZS_EVENT_TOKEN] = "token",
        [ZS_EVENT_CONTEXT] = "context",
        [ZS_EVENT_COMMAND] = "command",
        [ZS_EVENT_MESSAGE] = "message",
        [ZS_EVENT_GAP] = "gap",
        [ZS_EVENT_DEFECT] = "defect",
        [ZS_EVENT_LIMIT] = "limit",
        [ZS_EVENT_CLOSE] = "close",
    };
    return names[kind];
}
