/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/krb/keyring.c over libkrb5: a keytab of any octets gives whole entries, or a sentence. */
#include "core/krb/keyring.h"

#include "core/krb/init.h"
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

/* libkrb5: 1.20 forgets a key's octets on the heap where the file ends inside them. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:libkrb5.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zs_keyring *r = zs_keyring_new();
    char path[40], *why = NULL;
    int fd = memfd_create("keytab", MFD_CLOEXEC);

    zs_krb_init();
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    bool ok = zs_keyring_add_keytab(r, path, &why);
    FUZZ_CHECK(ok == (why == NULL) && ok == (zs_keyring_size(r) > 0));
    FUZZ_CHECK(ok || g_str_has_prefix(why, path));
    for (size_t i = 0; i < zs_keyring_size(r); i++) {
        const struct zs_keyring_entry *e = zs_keyring_at(r, i);
        FUZZ_CHECK(e->origin == ZS_ORIGIN_KEYTAB && e->has_kvno && strchr(e->principal, '@'));
        FUZZ_CHECK(e->key.n > 0 && e->key.n <= ZS_KEY_MAX);
    }
    g_free(why);
    zs_keyring_free(r);
    close(fd);
    return 0;
}
