/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures: files of either format, whatever compresses them, and interfaces through libpcap.
 *
 * Limits: a packet, or a block of pcapng that is of use, has ZS_CAPTURED_MAX octets at most. On an interface packets
 * of more than SNAPLEN octets are cut. */
#include "analyzer/net/capture.h"

#include "analyzer/net/link.h"
#include "analyzer/net/pcapfile.h"
#include "analyzer/net/pcapng.h"
#include "analyzer/net/source.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROOM =
        512
        << 10, /* octets of a buffer: larger ones leave the processor's cache, and gain nothing */
    SNAPLEN = 262144,
    WAIT_MS = 100,
};

struct zs_capture {
    char *name;
    struct zs_capture_hooks hooks;
    uint64_t number;
    bool stream;
    struct zs_source *source; /* of a file, and then one of the next two: */
    struct zs_pcap pcap;
    struct zs_pcapng *pcapng;
    size_t taken;     /* octets of the source that the last packet still lies in */
    pcap_t *live;     /* of an interface */
    int link_type[1]; /* of all packets; not of a pcapng */
};

G_DEFINE_QUARK(zs - capture - error - quark, zs_capture_error)

const char *zs_capture_link_name(int link_type)
{
    const char *name = pcap_datalink_val_to_name(link_type);
    return name ? name : "unknown";
}

const int *zs_capture_link_types(const struct zs_capture *c, size_t *n)
{
    if (c->pcapng)
        return zs_pcapng_link_types(c->pcapng, n);
    *n = 1;
    return c->link_type;
}

/* ---- Files ---- */

static void set_open_error(GError **error, const char *name)
{
    g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_OPEN, "%s: cannot be read: %s", name,
                g_strerror(errno));
}

/* A directory, too, can be opened. */
static int open_descriptor(const char *path, const char *name, bool *stream, GError **error)
{
    struct stat status;
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0) {
        set_open_error(error, name);
    } else if (S_ISDIR(status.st_mode)) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_OPEN,
                    "%s: is a directory, not a capture file", name);
    } else {
        *stream = !S_ISREG(status.st_mode) || fd == STDIN_FILENO;
        return fd;
    }
    if (fd > STDIN_FILENO)
        close(fd);
    return -1;
}

static bool fail_format(const struct zs_capture *c, size_t n, GError **error)
{
    const char *trouble = zs_source_trouble(c->source);

    if (n == 0 && !trouble)
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FORMAT, "%s: is empty", c->name);
    else
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FORMAT, "%s: is no capture file: %s",
                    c->name, trouble ? trouble : "neither pcap nor pcapng begins like this");
    return false;
}

/* Which format? Of a pcap its header is taken. */
static bool begin(struct zs_capture *c, GError **error)
{
    const uint8_t *octets;
    size_t n = zs_source_peek(c->source, ZS_PCAP_HEADER, &octets);

    if (zs_pcapng_probe(octets, n)) {
        c->pcapng = zs_pcapng_new();
        return true;
    }
    if (n < ZS_PCAP_HEADER || !zs_pcap_parse(octets, &c->pcap))
        return fail_format(c, n, error);
    c->link_type[0] = c->pcap.link_type;
    zs_source_skip(c->source, ZS_PCAP_HEADER);
    return true;
}

/* The source holds less than a whole record. */
static enum zs_capture_answer fail_short(const struct zs_capture *c, size_t have, GError **error)
{
    const char *trouble = zs_source_trouble(c->source);

    if (c->hooks.wait && !trouble) /* somebody is still writing it */
        return ZS_CAPTURE_END;
    if (have == 0 && !trouble)
        return ZS_CAPTURE_END;
    bool cut = !trouble || zs_source_is_cut(c->source);
    g_set_error(error, ZS_CAPTURE_ERROR, cut ? ZS_CAPTURE_ERROR_CUT : ZS_CAPTURE_ERROR_DAMAGE,
                "%s: %s packet %" G_GUINT64_FORMAT ": %s", c->name,
                cut ? "cut short in" : "cannot be read at", c->number + 1,
                trouble ? trouble : "the file ends inside its record");
    return ZS_CAPTURE_FAILED;
}

static enum zs_capture_answer fail_damage(const struct zs_capture *c, const char *why,
                                          GError **error)
{
    g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_DAMAGE,
                "%s: cannot be read at packet %" G_GUINT64_FORMAT ": %s", c->name, c->number + 1,
                why);
    return ZS_CAPTURE_FAILED;
}

static enum zs_capture_answer next_pcap(struct zs_capture *c, struct zs_packet *packet,
                                        GError **error)
{
    const uint8_t *record;
    size_t header = c->pcap.record, n = zs_source_peek(c->source, header, &record);

    if (n < header)
        return fail_short(c, n, error);
    if (!zs_pcap_record_parse(&c->pcap, record, packet))
        return fail_damage(c, "a record of more than 16 MiB", error);
    if (packet->captured > n - header) {
        n = zs_source_peek(c->source, header + packet->captured, &record);
        if (n < header + packet->captured)
            return fail_short(c, n, error);
    }
    packet->data = record + header;
    c->taken = header + packet->captured;
    return ZS_CAPTURE_PACKET;
}

/* A block that is of no use here, and of any length. */
static bool pass_over(struct zs_capture *c, uint32_t length)
{
    const uint8_t *piece;
    bool begins = true;

    if (!c->hooks.block)
        return zs_source_skip(c->source, length);
    while (length > 0) {
        size_t n = zs_source_peek(c->source, 1, &piece);
        if (n == 0)
            return false;
        n = MIN(n, length);
        c->hooks.block(c->hooks.user, piece, n, begins);
        zs_source_skip(c->source, n);
        length -= (uint32_t)n;
        begins = false;
    }
    return true;
}

static void hand_out_block(const struct zs_capture *c, const uint8_t *block, size_t n)
{
    if (c->hooks.block)
        c->hooks.block(c->hooks.user, block, n, true);
}

/* One block of a pcapng; IDLE: it was none with a packet. */
static enum zs_capture_answer next_block(struct zs_capture *c, struct zs_packet *packet,
                                         GError **error)
{
    const uint8_t *block;
    const char *why;
    bool wanted;
    struct zs_pcapng_secrets secrets;
    size_t n = zs_source_peek(c->source, ZS_PCAPNG_HEAD, &block);

    if (n < ZS_PCAPNG_HEAD)
        return fail_short(c, n, error);
    uint32_t length = zs_pcapng_block(c->pcapng, block, &wanted);
    if (length == 0)
        return fail_damage(c, "a block whose length or order cannot be", error);
    if (!wanted)
        return pass_over(c, length) ? ZS_CAPTURE_IDLE : fail_short(c, 1, error);
    n = zs_source_peek(c->source, length, &block);
    if (n < length)
        return fail_short(c, n, error);
    c->taken = length;
    enum zs_pcapng_kind kind = zs_pcapng_take(c->pcapng, block, length, packet, &secrets, &why);
    if (kind == ZS_PCAPNG_DAMAGED)
        return fail_damage(c, why, error);
    hand_out_block(c, block, length);
    switch (kind) {
    case ZS_PCAPNG_PACKET:
        return ZS_CAPTURE_PACKET;
    case ZS_PCAPNG_SECRETS:
        if (c->hooks.secrets)
            c->hooks.secrets(c->hooks.user, c->name, secrets.type, secrets.octets, secrets.n);
        break;
    default:
        break;
    }
    return ZS_CAPTURE_IDLE;
}

static void release(struct zs_capture *c)
{
    zs_source_skip(c->source, c->taken);
    c->taken = 0;
}

static enum zs_capture_answer next_pcapng(struct zs_capture *c, struct zs_packet *packet,
                                          GError **error)
{
    enum zs_capture_answer answer;

    while ((answer = next_block(c, packet, error)) == ZS_CAPTURE_IDLE)
        release(c);
    return answer;
}

/* Blocks up to the first interface's, or up to the first packet where that need not be waited for: so that link types
 * can be named before anything is read. */
static bool read_interfaces(struct zs_capture *c, GError **error)
{
    struct zs_packet ignored;
    size_t types = 0;

    for (;;) {
        const uint8_t *head;
        zs_capture_link_types(c, &types);
        if (types && (c->stream || c->hooks.wait))
            return true;
        if (zs_source_peek(c->source, ZS_PCAPNG_HEAD, &head) < ZS_PCAPNG_HEAD ||
            zs_pcapng_is_packet(c->pcapng, head))
            return true; /* zs_capture_next() says whatever is wrong */
        if (next_block(c, &ignored, error) != ZS_CAPTURE_IDLE)
            return false;
        release(c);
    }
}

static bool check_link_types(const struct zs_capture *c, GError **error)
{
    size_t n;
    const int *types = zs_capture_link_types(c, &n);

    for (size_t i = 0; i < n; i++)
        if (zs_link_known(types[i]))
            return true;
    if (n == 0)
        return true;
    g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_LINK, "%s: link type %s (%d) is not read",
                c->name, zs_capture_link_name(types[0]), types[0]);
    return false;
}

struct zs_capture *zs_capture_open(const char *path, size_t room,
                                   const struct zs_capture_hooks *hooks, GError **error)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    bool stream;
    int fd = open_descriptor(path, name, &stream, error);

    if (fd < 0)
        return NULL;
    struct zs_capture *c = g_new0(struct zs_capture, 1);
    c->name = g_strdup(name);
    c->stream = stream;
    c->source = zs_source_new(fd, room ? room : ROOM);
    if (hooks)
        c->hooks = *hooks;
    if (c->hooks.wait)
        zs_source_follow(c->source, c->hooks.wait, c->hooks.user);
    if (!begin(c, error) || (c->pcapng && !read_interfaces(c, error)) ||
        !check_link_types(c, error))
        g_clear_pointer(&c, zs_capture_close);
    return c;
}

/* ---- Interfaces ---- */

static pcap_t *fail_live(pcap_t *pcap, const char *interface, const char *reason, GError **error)
{
    g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_OPEN, "%s: cannot be captured from: %s",
                interface, reason);
    if (pcap)
        pcap_close(pcap);
    return NULL;
}

/* pcap_statustostr() knows the status, the handle sometimes more. */
static const char *reason_of(pcap_t *pcap, int status)
{
    const char *more = pcap_geterr(pcap);
    return more && *more ? more : pcap_statustostr(status);
}

static pcap_t *activate(const char *interface, GError **error)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(interface, reason);

    if (!pcap)
        return fail_live(NULL, interface, reason, error);
    /* Only a handle that is active already refuses these. */
    bool set = pcap_set_snaplen(pcap, SNAPLEN) == 0 && pcap_set_timeout(pcap, WAIT_MS) == 0 &&
               pcap_set_buffer_size(pcap, 16 << 20) == 0 && pcap_set_promisc(pcap, 1) == 0;
    /* What does not count in nanoseconds counts in microseconds: asked for below. */
    set =
        set && pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) != PCAP_ERROR_ACTIVATED;
    int status = set ? pcap_activate(pcap) : PCAP_ERROR_ACTIVATED;
    if (status < 0)
        return fail_live(pcap, interface, reason_of(pcap, status), error);
    if (pcap_setnonblock(pcap, 1, reason) != 0)
        return fail_live(pcap, interface, reason, error);
    return pcap;
}

static bool set_kernel_filter(pcap_t *pcap, const char *filter)
{
    struct bpf_program program;

    if (!filter || !*filter)
        return true;
    if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return false;
    bool ok = pcap_setfilter(pcap, &program) == 0;
    pcap_freecode(&program);
    return ok;
}

struct zs_capture *zs_capture_open_live(const char *interface, const char *filter, GError **error)
{
    pcap_t *pcap = activate(interface, error);

    if (!pcap)
        return NULL;
    struct zs_capture *c = g_new0(struct zs_capture, 1);
    c->name = g_strdup(interface);
    c->stream = true;
    c->live = pcap;
    c->link_type[0] = pcap_datalink(pcap);
    if (!set_kernel_filter(pcap, filter)) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FILTER, "%s: filter \"%s\": %s",
                    interface, filter, pcap_geterr(pcap));
        g_clear_pointer(&c, zs_capture_close);
    } else if (!check_link_types(c, error)) {
        g_clear_pointer(&c, zs_capture_close);
    }
    return c;
}

static enum zs_capture_answer next_live(struct zs_capture *c, struct zs_packet *packet,
                                        GError **error)
{
    struct pcap_pkthdr *header;
    const uint8_t *data;
    int got = pcap_next_ex(c->live, &header, &data);

    if (got == 0) { /* where nothing comes, libpcap itself may wait for ever */
        struct pollfd readable = {.fd = pcap_get_selectable_fd(c->live), .events = POLLIN};
        poll(&readable, 1, WAIT_MS);
        return ZS_CAPTURE_IDLE;
    }
    if (got != 1) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_LIVE, "%s: %s", c->name,
                    pcap_geterr(c->live));
        return ZS_CAPTURE_FAILED;
    }
    bool nano = pcap_get_tstamp_precision(c->live) == PCAP_TSTAMP_PRECISION_NANO;
    *packet = (struct zs_packet){
        .time_ns = (int64_t)header->ts.tv_sec * 1000000000 +
                   (int64_t)header->ts.tv_usec * (nano ? 1 : 1000),
        .length = MAX(header->len, header->caplen),
        .captured = header->caplen,
        .link_type = c->link_type[0],
        .data = data,
    };
    return ZS_CAPTURE_PACKET;
}

/* ---- Both ---- */

enum zs_capture_answer zs_capture_next(struct zs_capture *c, struct zs_packet *packet,
                                       GError **error)
{
    enum zs_capture_answer answer;

    if (c->live) {
        answer = next_live(c, packet, error);
    } else {
        release(c);
        answer = c->pcapng ? next_pcapng(c, packet, error) : next_pcap(c, packet, error);
    }
    if (answer == ZS_CAPTURE_PACKET)
        packet->number = ++c->number;
    return answer;
}

const char *zs_capture_name(const struct zs_capture *c)
{
    return c->name;
}

bool zs_capture_is_stream(const struct zs_capture *c)
{
    return c->stream;
}

uint64_t zs_capture_dropped(const struct zs_capture *c)
{
    struct pcap_stat status;

    if (c->live)
        return pcap_stats(c->live, &status) == 0 ? (uint64_t)status.ps_drop + status.ps_ifdrop : 0;
    return c->pcapng ? zs_pcapng_dropped(c->pcapng) : 0;
}

void zs_capture_close(struct zs_capture *c)
{
    if (!c)
        return;
    zs_source_free(c->source);
    zs_pcapng_free(c->pcapng);
    if (c->live)
        pcap_close(c->live);
    g_free(c->name);
    g_free(c);
}
