/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program whose memory test_dump searches: it opens a context with a keytab, and the tokens of its messages, and
 * knows of keys what these files say, nothing else. Then it ends with a core dump, or stops to have one taken.
 *
 * dumped MODE HOST END REQ REP KEYS TOKEN...
 *   MODE  open: everything is still there; released: everything was given back; careless: so it was, but a key was
 *         copied to where it does not belong
 *   HOST  program: libgcrypt as our programs have it; plugin: as Wireshark has it
 *   END   abort: dies of it; stop: waits
 *   KEYS  a keytab's path; or key:PATH, password:PATH, keylog:PATH, ccache:PATH, for what the file says */
#include "core/krb/context.h"
#include "core/krb/init.h"
#include "core/krb/lanes.h"
#include "core/krb/secrets.h"

#include <fcntl.h>
#include <gcrypt.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static struct zs_span contents(const char *path)
{
    char *p;
    gsize n;

    if (!g_file_get_contents(path, &p, &n, NULL))
        g_error("%s", path);
    return zs_span(p, n);
}

static void init(const char *host)
{
    if (strcmp(host, "program") == 0) {
        zs_krb_init();
        return;
    }
    gcry_check_version(NULL);
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

/* One by one and, where there are lanes, in all of them. */
static void open_tokens(const struct zs_context *c, char **paths, struct zs_lanes *lanes)
{
    for (; *paths; paths++) {
        struct zs_span token = contents(*paths);
        struct zs_unwrapping many[ZS_LANES_MOST];
        unsigned n = lanes ? zs_lanes_count(lanes) : 1;
        for (unsigned i = 0; i < n; i++)
            many[i] = (struct zs_unwrapping){.context = c,
                                             .token = token,
                                             .buf = g_malloc(zs_unwrap_room(token.n)),
                                             .room = zs_unwrap_room(token.n)};
        if (zs_context_unwrap(c, token, many[0].buf, many[0].room, &many[0].u) != ZS_OK)
            g_error("%s", *paths);
        if (lanes)
            zs_lanes_unwrap(lanes, many, n);
        for (unsigned i = 0; i < n; i++) {
            if (many[i].rc != ZS_OK)
                g_error("%s, together", *paths);
            g_free(many[i].buf);
        }
    }
}

/* A key or a password as a user types it; wiped behind, as a program must do with its own. */
static bool add_typed(struct zs_keyring *r, const char *path, bool password, char **why)
{
    char text[200] = "";
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);

    close(fd);
    bool ok = n > 0 && (password ? zs_keyring_add_password(r, "zmq/server.example.org@EXAMPLE.ORG",
                                                           text, why)
                                 : zs_keyring_add_key(r, text, why));
    explicit_bzero(text, sizeof text);
    return ok;
}

static bool add_keys(struct zs_keyring *r, const char *keys, char **why)
{
    const char *path = strchr(keys, ':');

    if (!path)
        return zs_keyring_add_keytab(r, keys, why);
    if (g_str_has_prefix(keys, "keylog"))
        return zs_keyring_add_keylog(r, path + 1, why);
    if (g_str_has_prefix(keys, "ccache"))
        return zs_keyring_add_ccache(r, path + 1, why);
    return add_typed(r, path + 1, g_str_has_prefix(keys, "password"), why);
}

int main(int argc, char **argv)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    volatile char *careless = NULL;
    char *why = NULL;

    if (argc < 7)
        return 2;
    setrlimit(RLIMIT_CORE, &all);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    init(argv[2]);
    struct zs_keyring *r = zs_keyring_new();
    if (!add_keys(r, argv[6], &why))
        g_error("%s", why ? why : argv[6]);
    struct zs_context *c =
        zs_context_new(r, contents(argv[4]), contents(argv[5]), g_get_real_time() * 1000);
    struct zs_lanes *lanes = zs_lanes_new();
    open_tokens(c, argv + 7, lanes);
    if (strcmp(argv[1], "careless") == 0)
        careless = g_memdup2(zs_keyring_at(r, 0)->key.octets, zs_keyring_at(r, 0)->key.n);
    if (strcmp(argv[1], "open") != 0) {
        zs_lanes_free(lanes);
        zs_context_free(c);
        zs_keyring_free(r);
    }
    if (strcmp(argv[3], "abort") == 0)
        abort();
    raise(SIGSTOP);
    return careless && *careless;
}
