/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole path: a capture file to the events of the report, with caps so small that they are reached. Input: a file; it is
 * read as a whole and in shares, and the merge of the shares says the same. It is audited on the way, and what was found
 * is written in each form. */
#include "analyzer/audit/audit.h"
#include "analyzer/report/findings.h"
#include "analyzer/share.h"
#include "core/krb/keyring.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SHARES = 2 };

/* Compression makes much of little: packets enough for anything. */
static struct zs_observation observation(const char *const *files, FILE *out)
{
    static struct zs_keyring *keys;

    if (!keys) {
        char *why = NULL;
        keys = zs_keyring_new();
        FUZZ_CHECK(zs_keyring_add_keytab(keys, ZS_SOURCE_DIR "/captures/reqrep.keytab", &why));
    }
    return (struct zs_observation){
        .files = files,
        .keys = keys,
        .packet_limit = 2000,
        .max_connections = 8,
        .max_pending = 4000,
        .max_frame = 10000,
        .report = &zs_report_json,
        .options = {.out = out},
    };
}

static void on_event(void *user, const struct zs_report_connection *c, const struct zs_event *ev)
{
    zs_audit_event(user, c->number, c->client, c->server, ev);
}

/* The findings in each form. They are UTF-8, or else escapes. */
static void put_findings(struct zs_audit *a, const char *const *files,
                         const struct zs_policy *policy, const struct zs_report_summary *summary)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    const struct zs_findings_report r = {.out = out,
                                         .version = "0",
                                         .files = files,
                                         .summary = summary,
                                         .result = zs_audit_end(a),
                                         .policy = policy};

    zs_findings_put_text(&r);
    zs_findings_put_json(&r);
    zs_findings_put_sarif(&r);
    zs_findings_put_html(&r);
    fclose(out);
    FUZZ_CHECK(g_utf8_validate(text, (gssize)n, NULL));
    free(text);
}

/* What a run says, without its last line, which tells the memory. */
static char *whole(const char *const *files)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    struct zs_observation o = observation(files, out);
    const struct zs_policy policy = {.expect_gssapi = true};
    struct zs_audit *a = zs_audit_new(&policy);
    const struct zs_onlooker onlooker = {.event = on_event, .user = a};
    struct zs_report_summary summary = {0};

    o.onlooker = &onlooker;
    o.summary = &summary;
    zs_observe(&o, NULL);
    put_findings(a, files, &policy, &summary);
    zs_audit_free(a);
    fclose(out);
    return text;
}

static char *merged(const char *const *files)
{
    int results[SHARES];
    const char *names[SHARES];
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    for (unsigned i = 0; i < SHARES; i++) {
        struct zs_observation o = observation(files, NULL);
        o.share = i;
        o.shares = SHARES;
        results[i] = memfd_create("share", 0);
        names[i] = "share";
        zs_share_write(&o, results[i], NULL);
        FUZZ_CHECK(lseek(results[i], 0, SEEK_SET) == 0);
    }
    zs_share_merge(results, names, SHARES, out, NULL);
    fclose(out);
    return text;
}

static void cut_memory(char *text)
{
    char *last = strstr(text, "\"peak_memory\":");
    if (last)
        *last = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("capture", 0);
    char path[40];
    const char *const files[] = {path, NULL};

    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    char *one = whole(files), *other = merged(files);
    cut_memory(one);
    cut_memory(other);
    FUZZ_CHECK(strcmp(one, other) == 0);
    free(one);
    free(other);
    close(fd);
    return 0;
}
