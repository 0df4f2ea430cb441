/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkrb5's configuration, in memory: profile.h's vtable, read-only. */
#include "core/krb/profile.h"

#include <errno.h>
#include <profile.h>
#include <stdlib.h>
#include <string.h>

/* An observer opens what others sealed, however weak; and it asks nobody. */
static const struct {
    const char *name, *value;
} libdefaults[] = {
    {"allow_weak_crypto", "true"},
    {"allow_rc4", "true"},
    {"allow_des3", "true"},
    {"dns_lookup_kdc", "false"},
    {"dns_lookup_realm", "false"},
    {"dns_canonicalize_hostname", "false"},
    {"default_realm", "NONE.INVALID"},
};

static long get_values(void *data, const char *const *names, char ***values)
{
    (void)data;
    if (!names[0] || strcmp(names[0], "libdefaults") != 0 || !names[1] || names[2])
        return PROF_NO_RELATION;
    for (size_t i = 0; i < sizeof libdefaults / sizeof libdefaults[0]; i++) {
        if (strcmp(names[1], libdefaults[i].name) != 0)
            continue;
        char **list = calloc(2, sizeof *list);
        if (list)
            list[0] = strdup(libdefaults[i].value);
        if (!list || !list[0]) {
            free(list);
            return ENOMEM;
        }
        *values = list;
        return 0;
    }
    return PROF_NO_RELATION;
}

static void free_values(void *data, char **values)
{
    (void)data;
    for (char **v = values; *v; v++)
        free(*v);
    free(values);
}

static long copy(void *data, void **out)
{
    *out = data;
    return 0;
}

krb5_error_code zs_krb5_context(krb5_context *out)
{
    static struct profile_vtable vtable = {
        .minor_ver = 1, .get_values = get_values, .free_values = free_values, .copy = copy};
    profile_t profile;

    long err = profile_init_vtable(&vtable, NULL, &profile);
    if (err)
        return (krb5_error_code)err;
    err = krb5_init_context_profile(profile, 0, out);
    profile_release(profile);
    return (krb5_error_code)err;
}
