/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_ANALYZER_JOBS_H
#define ZS_ANALYZER_JOBS_H

/* A run in shares side by side: one process for each, and this one puts together what they say. */
#include "analyzer/observe.h"

/* Runs o in n processes of this machine. o->options.out is written to past its buffer, which is flushed before. False:
 * *error as of zs_observe(), or a process that did not come to its end; NULL where out says itself what is wrong. */
bool zs_jobs_run(const struct zs_observation *o, unsigned n, GError **error);

#endif
