/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What zmtpscope decrypt writes, with caps so small that they are reached. Input: a capture file; whatever it is, what is
 * written is a capture that is read to its end, every segment of it with the right checksum and in its place. */
#include "analyzer/rendering.h"
#include "core/krb/keyring.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct zs_keyring *keys(void)
{
    static struct zs_keyring *keys;

    if (!keys) {
        char *why = NULL;
        keys = zs_keyring_new();
        FUZZ_CHECK(zs_keyring_add_keytab(keys, ZS_SOURCE_DIR "/captures/reqrep.keytab", &why));
    }
    return keys;
}

static struct zs_rendering_counts decrypt(const char *const *files, FILE *out)
{
    FILE *log = fopen("/dev/null", "w");
    struct zs_rendering *r = zs_rendering_new(out, log, files);
    const struct zs_onlooker onlooker = zs_rendering_onlooker(r);
    const struct zs_observation o = {
        .files = files,
        .keys = keys(),
        .packet_limit = 2000,
        .max_connections = 8,
        .max_pending = 4000,
        .max_frame = 10000,
        .onlooker = &onlooker,
    };

    zs_observe(&o, NULL);
    struct zs_rendering_counts counts = zs_rendering_counts(r);
    zs_rendering_free(r);
    fclose(log);
    return counts;
}

static void read_again(const char *const *files, const struct zs_rendering_counts *counts)
{
    GError *error = NULL;
    struct zs_report_summary s;
    const struct zs_observation o = {.files = files, .checksums = true, .summary = &s};

    FUZZ_CHECK(zs_observe(&o, &error) && !error);
    FUZZ_CHECK(s.not_read == 0 && s.cut == 0);
    FUZZ_CHECK((s.packets > 0) == (counts->connections > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int in = memfd_create("capture", 0), fd = memfd_create("out", 0);
    char path[40], written[40];
    const char *const files[] = {path, NULL}, *const again[] = {written, NULL};

    FUZZ_CHECK(in >= 0 && fd >= 0 && write(in, data, size) == (ssize_t)size);
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", in);
    g_snprintf(written, sizeof written, "/proc/self/fd/%d", fd);
    FILE *out = fdopen(dup(fd), "wb");
    struct zs_rendering_counts counts = decrypt(files, out);
    FUZZ_CHECK(fclose(out) == 0);
    read_again(again, &counts);
    close(in);
    close(fd);
    return 0;
}
