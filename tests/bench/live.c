/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_live WHOSE END PORT SIZE COUNT SERVICE KEYTAB: one end of a connection over loopback that carries COUNT sealed
 * messages of SIZE octets. WHOSE is "ours" (core/proto over a live context) or "libzmq"; END is "push", the GSSAPI client, or
 * "pull", the server, which prints how many microseconds passed from its first message to its last. live.py runs both
 * ends of both, by turns.
 * Limits: blocking; a failure is the end of the process. */
#include "analyzer/live/live.h"
#include "core/krb/init.h"
#include "core/proto/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

enum { BATCH = 256 << 10, PRINCIPAL = 2 /* ZMQ_GSSAPI_NT_KRB5_PRINCIPAL */ };

struct job {
    const char *service, *keytab;
    uint16_t port;
    size_t size;
    unsigned count;
};

static G_GNUC_NORETURN void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_live: %s: %s\n", what, why);
    exit(1);
}

static void need(bool ok, const char *what)
{
    if (!ok)
        die(what, strerror(errno));
}

/* ==== ours ==== */

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static int open_end(const struct job *job, bool pull)
{
    struct sockaddr_in a = loopback(job->port);
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (!pull) {
        need(connect(fd, (struct sockaddr *)&a, sizeof a) == 0, "connect");
        return fd;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    need(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 1) == 0, "bind");
    puts("bound");
    fflush(stdout);
    return accept(fd, NULL, NULL);
}

static void flush_output(struct zs_peer *p, int fd)
{
    while (zs_peer_output(p).n) {
        struct zs_span out = zs_peer_output(p);
        ssize_t n = send(fd, out.p, out.n, MSG_NOSIGNAL);
        need(n > 0, "send");
        zs_peer_sent(p, (size_t)n);
    }
}

/* One read and what it holds; how many messages that was, and when they were there. *ended: the other end has gone. */
static unsigned take_input(struct zs_peer *p, int fd, bool *ended, int64_t *at)
{
    static uint8_t buf[BATCH];
    struct zs_peer_event ev;
    unsigned messages = 0;
    ssize_t n = recv(fd, buf, sizeof buf, 0);

    *ended = n <= 0;
    *at = g_get_monotonic_time();
    struct zs_span in = zs_span(buf, n > 0 ? (size_t)n : 0);
    while (zs_peer_step(p, &in, 0, &ev)) {
        if (ev.kind == ZS_PEER_DEFECT)
            die(zs_defect_of(ev.rc)->code, ev.detail ? ev.detail : "");
        messages += ev.kind == ZS_PEER_MESSAGE;
    }
    flush_output(p, fd);
    return messages;
}

static void push(const struct job *job, struct zs_peer *p, int fd)
{
    uint8_t *text = g_malloc0(job->size);
    bool ended = false;
    int64_t at;

    while (p->state != ZS_PEER_OPEN && !ended)
        take_input(p, fd, &ended, &at);
    for (unsigned i = 0; i < job->count; i++) {
        need(zs_peer_send(p, zs_span(text, job->size), false), "zs_peer_send");
        if (zs_peer_output(p).n >= BATCH)
            flush_output(p, fd);
    }
    flush_output(p, fd);
    shutdown(fd, SHUT_WR);
    while (!ended)
        take_input(p, fd, &ended, &at);
    g_free(text);
}

static int64_t pull(const struct job *job, struct zs_peer *p, int fd)
{
    unsigned got = 0;
    int64_t begun = 0, at;
    bool ended = false;

    while (got < job->count && !ended) {
        got += take_input(p, fd, &ended, &at);
        if (got && !begun)
            begun = at;
    }
    need(got == job->count, "messages");
    return g_get_monotonic_time() - begun;
}

static int64_t run_ours(const struct job *job, bool is_pull)
{
    struct zs_peer_options o = zs_peer_options(is_pull ? ZS_ROLE_SERVER : ZS_ROLE_CLIENT,
                                               is_pull ? ZS_SOCKET_PULL : ZS_SOCKET_PUSH);
    struct zs_peer p;
    char *why = NULL, *const keytabs[] = {(char *)job->keytab, NULL};
    struct zs_live_credential *c = is_pull ? zs_live_server_credential(keytabs, NULL, &why)
                                           : zs_live_client_credential(NULL, NULL, NULL, &why);
    struct zs_live *live = !c        ? NULL
                           : is_pull ? zs_live_accept(c, NULL)
                                     : zs_live_initiate(c, job->service, NULL, &why);
    if (!live)
        die("GSSAPI", why);
    int64_t us = 0;
    int fd = open_end(job, is_pull);

    zs_peer_init(&p, &o, zs_live_gss(live), 0);
    flush_output(&p, fd);
    if (is_pull)
        us = pull(job, &p, fd);
    else
        push(job, &p, fd);
    close(fd);
    zs_peer_clear(&p);
    zs_live_free(live);
    zs_live_credential_free(c);
    return us;
}

/* ==== libzmq's ==== */

/* libzmq 4.3.4: the plain text of a message that it seals is not given back (its encode_message()). That is not ours to
 * find; leaks of our own ends are, and are found: their traces have no libzmq in them. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libzmq.so";
}

static void set_text(void *socket, int option, const char *text)
{
    need(zmq_setsockopt(socket, option, text, strlen(text)) == 0, "zmq_setsockopt");
}

static void set_number(void *socket, int option, int number)
{
    need(zmq_setsockopt(socket, option, &number, sizeof number) == 0, "zmq_setsockopt");
}

static void zmq_push(const struct job *job, void *socket, const char *endpoint)
{
    uint8_t *text = g_malloc0(job->size);

    set_text(socket, ZMQ_GSSAPI_SERVICE_PRINCIPAL, job->service);
    set_number(socket, ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE, PRINCIPAL);
    need(zmq_connect(socket, endpoint) == 0, "zmq_connect");
    for (unsigned i = 0; i < job->count; i++)
        need(zmq_send(socket, text, job->size, 0) >= 0, "zmq_send");
    g_free(text);
}

static int64_t zmq_pull(const struct job *job, void *socket, const char *endpoint)
{
    uint8_t *text = g_malloc(job->size);
    int64_t begun = 0;

    set_number(socket, ZMQ_GSSAPI_SERVER, 1);
    set_text(socket, ZMQ_GSSAPI_PRINCIPAL, job->service);
    set_number(socket, ZMQ_GSSAPI_PRINCIPAL_NAMETYPE, PRINCIPAL);
    set_number(socket, ZMQ_RCVTIMEO, 60000);
    need(zmq_bind(socket, endpoint) == 0, "zmq_bind");
    puts("bound");
    fflush(stdout);
    for (unsigned i = 0; i < job->count; i++) {
        need(zmq_recv(socket, text, job->size, 0) == (int)job->size, "zmq_recv");
        if (i == 0)
            begun = g_get_monotonic_time();
    }
    g_free(text);
    return g_get_monotonic_time() - begun;
}

static int64_t run_libzmq(const struct job *job, bool is_pull)
{
    char *endpoint = g_strdup_printf("tcp://127.0.0.1:%u", job->port);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, is_pull ? ZMQ_PULL : ZMQ_PUSH);
    int64_t us = 0;

    if (is_pull)
        us = zmq_pull(job, socket, endpoint);
    else
        zmq_push(job, socket, endpoint);
    zmq_close(socket);
    zmq_ctx_term(context);
    g_free(endpoint);
    return us;
}

int main(int argc, char **argv)
{
    if (argc != 8)
        die("usage", "bench_live ours|libzmq push|pull PORT SIZE COUNT SERVICE KEYTAB");
    struct job job = {.port = (uint16_t)atoi(argv[3]),
                      .size = (size_t)atol(argv[4]),
                      .count = (unsigned)atoi(argv[5]),
                      .service = argv[6],
                      .keytab = argv[7]};
    bool is_pull = strcmp(argv[2], "pull") == 0;

    zs_krb_init();
    int64_t us = strcmp(argv[1], "ours") == 0 ? run_ours(&job, is_pull) : run_libzmq(&job, is_pull);
    if (is_pull)
        printf("%" G_GINT64_FORMAT "\n", us);
    return 0;
}
