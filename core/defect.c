/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of defects as a table. See core/defects.def. */
#include "core/defect.h"

#include <stddef.h>

static const struct zs_defect defects[ZS_RC_COUNT] = {
#define ZS_DEFECT(id, code_, severity_, about_, sentence_, clause_) \
    [id] = {.code = code_,                                          \
            .severity = ZS_SEVERITY_##severity_,                    \
            .about = ZS_ABOUT_##about_,                             \
            .sentence = sentence_,                                  \
            .clause = clause_},
#include "core/defects.def"
#undef ZS_DEFECT
};

const struct zs_defect *zs_defect_of(enum zs_rc rc)
{
    if ((unsigned)rc >= ZS_RC_COUNT || !defects[rc].code)
        return NULL;
    return &defects[rc];
}
