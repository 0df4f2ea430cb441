/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shares of a run as processes of one machine, which lay their records into memory that they share with the process that
 * merges them.
 *
 * Each has BLOCKS blocks of its own. A socket between the two says which of them are full, in the one direction, and
 * which have been read, in the other, an octet each: who has nothing to do waits there, and its end is the other's death.
 * A block belongs to whoever was told of it last, so that nothing else need be agreed upon; what was written into it
 * before the telling is there after the hearing.
 *
 * Limits: a process that is BLOCKS blocks ahead of what can be merged waits for the others. Whoever interrupts a run ends
 * each share where it is, and some are further than others. */
#include "analyzer/jobs.h"

#include "analyzer/interrupt.h"
#include "analyzer/records.h"
#include "core/krb/vault.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 64 << 10, BLOCKS = 16, PIECES = 256 };

struct head {
    uint64_t packet, rank;
    uint32_t kind, n;
};

/* Octets of records from the front, heads from the back. */
struct block {
    uint32_t octets, heads;
    uint8_t room[BLOCK - 2 * sizeof(uint32_t)];
};
G_STATIC_ASSERT(sizeof(struct block) == BLOCK && BLOCKS <= UINT8_MAX);

static struct head *head_at(struct block *b, uint32_t i)
{
    return (struct head *)(void *)(b->room + sizeof b->room) - 1 - i;
}

static size_t room_in(const struct block *b)
{
    return sizeof b->room - b->octets - b->heads * sizeof(struct head);
}

/* Octets of block numbers. False: the other end is gone. */
static bool tell(int socket, const uint8_t *numbers, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(socket, numbers, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return false;
        if (sent > 0) {
            numbers += sent;
            n -= (size_t)sent;
        }
    }
    return true;
}

/* Waits for block numbers. 0: the other end is gone, or, where there is no such block, is somebody else. */
static size_t hear(int socket, uint8_t numbers[BLOCKS])
{
    ssize_t n;

    do
        n = recv(socket, numbers, BLOCKS, 0);
    while (n < 0 && errno == EINTR);
    for (ssize_t i = 0; i < n; i++)
        if (numbers[i] >= BLOCKS)
            return 0;
    return n > 0 ? (size_t)n : 0;
}

/* ---- The process of a share ---- */

struct share {
    struct block *blocks;
    int socket;
    /* Blocks in which nothing waits to be read. The last is taken first, for it was used last. */
    uint8_t spare[BLOCKS];
    size_t spares;
    uint8_t number;  /* of the block being filled */
    struct head now; /* of the record being filled */
    bool sent;       /* a block, since flush_records() was called */
};

/* Without the process that merges there is nothing left to do. */
static void take_block(struct share *s)
{
    if (s->spares == 0)
        s->spares = hear(s->socket, s->spare);
    if (s->spares == 0)
        _exit(1);
    s->number = s->spare[--s->spares];
    s->blocks[s->number].octets = s->blocks[s->number].heads = 0;
}

static void send_block(struct share *s)
{
    if (!tell(s->socket, &s->number, 1))
        _exit(1);
    s->sent = true;
    take_block(s);
}

/* Blocks that fill up by themselves need not be sent before. */
static void flush_records(void *user)
{
    struct share *s = user;

    if (!s->sent && s->blocks[s->number].heads > 0)
        send_block(s);
    s->sent = false;
}

/* Octets that are to fit behind a head: text may go on in another block, a summary may not. */
static size_t room_behind(uint32_t kind)
{
    if (kind == ZS_RECORD_PROGRESS)
        return 0;
    return kind == ZS_RECORD_EVENT ? 256 : BLOCK / 2;
}

static void put_head(struct share *s)
{
    struct block *b = &s->blocks[s->number];

    if (room_in(b) < sizeof s->now + room_behind(s->now.kind)) {
        send_block(s);
        b = &s->blocks[s->number];
    }
    s->now.n = 0;
    *head_at(b, b->heads++) = s->now;
}

static void begin_record(void *user, enum zs_record_kind kind, uint64_t packet, uint64_t rank)
{
    struct share *s = user;

    s->now = (struct head){packet, rank, kind, 0};
    put_head(s);
}

/* What does not fit goes on in another block, as a record with the same place. */
static void add_octets(void *user, const void *octets, size_t n)
{
    struct share *s = user;
    const uint8_t *p = octets;

    while (n > 0) {
        struct block *b = &s->blocks[s->number];
        size_t fit = MIN(n, room_in(b));
        memcpy(b->room + b->octets, p, fit);
        b->octets += (uint32_t)fit;
        head_at(b, b->heads - 1)->n += (uint32_t)fit;
        p += fit;
        n -= fit;
        if (n > 0)
            put_head(s);
    }
}

static void end_record(void *user)
{
    (void)user; /* its head has counted */
}

/* The child's whole life. */
static G_NORETURN void work(const struct zs_observation *o, unsigned share, unsigned shares,
                            struct zs_deal *deal, struct block *blocks, int socket)
{
    static const struct zs_record_sink sink = {begin_record, add_octets, end_record, flush_records};
    struct zs_observation mine = *o;
    struct share s = {.blocks = blocks, .socket = socket, .spares = BLOCKS};

    zs_vault_lock_again();
    mine.share = share;
    mine.shares = shares;
    mine.deal = deal;
    for (uint8_t i = 0; i < BLOCKS; i++)
        s.spare[i] = i;
    take_block(&s);
    zs_records_make(&mine, &sink, &s, NULL); /* what could not be read is in the records */
    _exit(tell(socket, &s.number, 1) ? 0 : 1);
}

/* ---- The process that merges ---- */

/* Where one share's records come from. */
struct lane {
    struct jobs *jobs;
    struct block *blocks;
    int socket;
    pid_t child;
    uint8_t full[BLOCKS]; /* told of, not all read: */
    size_t fulls, at;     /* how many; the one being read */
    uint32_t head, octet; /* next in it */
    uint8_t read[BLOCKS]; /* … whose octets may still be among the pieces */
    size_t reads;
};

struct jobs {
    FILE *out;
    unsigned n; /* lanes: processes that were started */
    struct lane *lanes;
    struct zs_deal *deal;
    struct block *blocks;
    size_t octets;               /* of blocks */
    struct iovec pieces[PIECES]; /* to be written, in blocks */
    int n_pieces;
};

/* Writes the pieces. False: *error, or out has its own. */
static bool write_pieces(struct jobs *j, GError **error)
{
    struct iovec *piece = j->pieces, *end = j->pieces + j->n_pieces;

    j->n_pieces = 0;
    if (fflush(j->out) != 0)
        return false;
    while (piece < end) {
        ssize_t n = writev(fileno(j->out), piece, (int)(end - piece));
        if (n < 0 && errno != EINTR) {
            g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "standard output: %s",
                        g_strerror(errno));
            return false;
        }
        for (; piece < end && n >= (ssize_t)piece->iov_len; piece++)
            n -= (ssize_t)piece->iov_len;
        if (n > 0) {
            piece->iov_base = (uint8_t *)piece->iov_base + n;
            piece->iov_len -= (size_t)n;
        }
    }
    return true;
}

static bool put_piece(void *user, const uint8_t *octets, size_t n, GError **error)
{
    struct jobs *j = user;
    struct iovec *last = j->n_pieces ? &j->pieces[j->n_pieces - 1] : NULL;

    if (last && (uint8_t *)last->iov_base + last->iov_len == octets) {
        last->iov_len += n;
        return true;
    }
    if (j->n_pieces == PIECES && !write_pieces(j, error))
        return false;
    j->pieces[j->n_pieces++] = (struct iovec){(void *)octets, n};
    return true;
}

/* Gives back all blocks that were read, and at first those that nobody has written. A process that has gone by now wants none. */
static bool give_back(struct jobs *j, GError **error)
{
    if (!write_pieces(j, error))
        return false;
    for (unsigned i = 0; i < j->n; i++) {
        struct lane *l = &j->lanes[i];
        tell(l->socket, l->read, l->reads);
        l->reads = 0;
    }
    return true;
}

/* Why there are no more records of a process that has not said its last word. */
static bool fail_death(struct lane *l, GError **error)
{
    int status = 0;

    shutdown(l->socket, SHUT_RDWR); /* should it still wait there */
    waitpid(l->child, &status, 0);
    l->child = 0;
    if (WIFSIGNALED(status))
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
                    "a process of --jobs was ended by signal %d (%s)", WTERMSIG(status),
                    g_strsignal(WTERMSIG(status)));
    else
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
                    "a process of --jobs ended too early");
    return false;
}

/* The block being read is done with: the next one, which may have to be waited for. */
static bool next_block(struct lane *l, enum zs_record_kind last, bool *ended, GError **error)
{
    if (l->fulls > 0)
        l->read[l->reads++] = l->full[l->at++];
    if (l->at == l->fulls) {
        if (!give_back(l->jobs, error))
            return false;
        l->at = 0;
        l->fulls = hear(l->socket, l->full);
    } else if (l->reads > BLOCKS / 4 && !give_back(l->jobs, error)) {
        return false;
    }
    l->head = l->octet = 0;
    *ended = l->fulls == 0;
    return !*ended || last == ZS_RECORD_SUMMARY || last == ZS_RECORD_ERROR || fail_death(l, error);
}

static bool next_record(void *user, struct zs_record *at, GError **error)
{
    struct lane *l = user;
    bool ended = false;

    while (!ended && (l->fulls == 0 || l->head == l->blocks[l->full[l->at]].heads))
        if (!next_block(l, at->kind, &ended, error))
            return false;
    if (ended) {
        at->kind = 0;
        return true;
    }
    struct block *b = &l->blocks[l->full[l->at]];
    const struct head *h = head_at(b, l->head++);
    *at = (struct zs_record){h->packet, h->rank, (enum zs_record_kind)h->kind, b->room + l->octet,
                             h->n};
    l->octet += h->n;
    return true;
}

/* All have read the same, unless that changed; or whoever interrupted them stopped one before the other. */
static bool fail_change(GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "what is read changed meanwhile: the processes of --jobs have seen other packets");
    return false;
}

static bool merge(struct jobs *j, const struct zs_report *report, GError **error)
{
    struct zs_record_source *sources = g_new0(struct zs_record_source, j->n);
    struct zs_records_merged merged;
    bool ok = true;

    for (unsigned i = 0; i < j->n && ok; i++) {
        sources[i] = (struct zs_record_source){
            .next = next_record, .user = &j->lanes[i], .name = "a process of --jobs"};
        ok = next_record(&j->lanes[i], &sources[i].at, error);
    }
    ok = ok && zs_records_merge(sources, j->n, put_piece, j, &merged, error);
    g_free(sources);
    if (!ok || !write_pieces(j, error))
        return false;
    if (merged.difference && !zs_interrupted()) {
        g_clear_error(&merged.failed);
        return fail_change(error);
    }
    if (merged.has_summary)
        report->end(&(struct zs_report_options){.out = j->out}, &merged.summary);
    if (merged.failed)
        g_propagate_error(error, merged.failed);
    return merged.failed == NULL;
}

/* Starts share number j->n. */
static bool start(struct jobs *j, const struct zs_observation *o, unsigned shares)
{
    struct lane *l = &j->lanes[j->n];
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    *l = (struct lane){.jobs = j, .blocks = j->blocks + j->n * BLOCKS, .socket = ends[0]};
    l->child = fork();
    if (l->child == 0) {
        for (unsigned i = 0; i <= j->n; i++)
            close(j->lanes[i].socket);
        work(o, j->n, shares, j->deal, l->blocks, ends[1]);
    }
    close(ends[1]);
    if (l->child < 0)
        close(ends[0]);
    else
        j->n++;
    return l->child > 0;
}

static bool start_all(struct jobs *j, const struct zs_observation *o, unsigned n)
{
    bool ok = true;

    j->lanes = g_new0(struct lane, n);
    j->octets = (size_t)n * BLOCKS * sizeof(struct block);
    j->blocks = mmap(NULL, j->octets, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    j->deal = zs_deal_new(n);
    if (j->blocks == MAP_FAILED || !j->deal)
        return false;
    zs_interrupt_share();
    while (ok && j->n < n)
        ok = start(j, o, n);
    return ok;
}

/* Processes that are not done yet find nobody to hear them, and end. */
static void stop_all(struct jobs *j)
{
    for (unsigned i = 0; i < j->n; i++)
        close(j->lanes[i].socket);
    for (unsigned i = 0; i < j->n; i++)
        if (j->lanes[i].child)
            waitpid(j->lanes[i].child, NULL, 0);
    if (j->blocks != MAP_FAILED)
        munmap(j->blocks, j->octets);
    zs_deal_free(j->deal);
    g_free(j->lanes);
}

bool zs_jobs_run(const struct zs_observation *o, unsigned n, GError **error)
{
    struct jobs j = {.out = o->options.out};

    fflush(j.out);
    bool ok = start_all(&j, o, n);
    if (ok)
        ok = merge(&j, o->report, error);
    else
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "--jobs: %s",
                    g_strerror(errno));
    stop_all(&j);
    return ok;
}
