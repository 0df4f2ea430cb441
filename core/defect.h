/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_CORE_DEFECT_H
#define ZS_CORE_DEFECT_H

/* The answers of the core. Three kinds: done, not yet, and a defect: a fact about what a peer sent. */
enum zs_rc {
    ZS_OK = 0,
    ZS_MORE, /* more octets are needed: said by greeting and frame parsers alone */
#define ZS_DEFECT(id, code, severity, about, sentence, clause) id,
#include "core/defects.def"
#undef ZS_DEFECT
    ZS_RC_COUNT
};

enum zs_severity { ZS_SEVERITY_NOTE, ZS_SEVERITY_WARN, ZS_SEVERITY_ERROR };
enum zs_about { ZS_ABOUT_PROTOCOL, ZS_ABOUT_SEQUENCE, ZS_ABOUT_SECURITY };

/* A row of core/defects.def. Static storage. */
struct zs_defect {
    const char *code; /* "frame-size": stable, for machines */
    enum zs_severity severity;
    enum zs_about about;
    const char *sentence; /* without capital or full stop */
    const char *clause;   /* the specification that decides */
};

/* The row of rc; NULL for ZS_OK, ZS_MORE and numbers that are no zs_rc. */
const struct zs_defect *zs_defect_of(enum zs_rc rc);

#endif
