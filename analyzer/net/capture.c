/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files through libpcap: pcap in both octet orders, with micro- or nanoseconds, and pcapng.
 * Limits: what libpcap does not read is not read here, either: compressed files, and a pcapng whose
 * interfaces differ in link type or snapshot length, which is said where the second one begins. */
#include "analyzer/net/capture.h"

#include "analyzer/net/link.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct zs_capture {
    char *name;
    pcap_t *pcap;
    struct bpf_program filter;
    bool filtered; /* filter is there */
    uint64_t number;
    bool stream; /* standard input */
};

G_DEFINE_QUARK(zs - capture - error - quark, zs_capture_error)

/* What was opened, if it has a first octet and is no directory; a directory, too, can be opened. */
static FILE *check_file(FILE *file, const char *name, GError **error)
{
    struct stat status;
    int first;
    if (!file || fstat(fileno(file), &status) != 0) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_OPEN, "%s: cannot be read: %s", name,
                    g_strerror(errno));
    } else if (S_ISDIR(status.st_mode)) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_OPEN,
                    "%s: is a directory, not a capture file", name);
    } else if ((first = getc(file)) == EOF && ferror(file)) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_OPEN, "%s: cannot be read: %s", name,
                    g_strerror(errno));
    } else if (first == EOF) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FORMAT, "%s: is empty", name);
    } else {
        ungetc(first, file);
        return file;
    }
    if (file && file != stdin)
        fclose(file);
    return NULL;
}

/* On success the file belongs to the pcap_t. */
static pcap_t *open_pcap(FILE *file, const char *name, GError **error)
{
    char reason[PCAP_ERRBUF_SIZE];
    pcap_t *pcap =
        pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (!pcap) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FORMAT, "%s: is no capture file: %s",
                    name, reason);
        if (file != stdin)
            fclose(file);
        return NULL;
    }
    int link_type = pcap_datalink(pcap);
    if (!zs_link_known(link_type)) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_LINK,
                    "%s: link type %s (%d) is not read", name, zs_capture_link_name(link_type),
                    link_type);
        g_clear_pointer(&pcap, pcap_close);
    }
    return pcap;
}

static bool set_filter(struct zs_capture *c, const char *filter, GError **error)
{
    if (!filter || !*filter)
        return true;
    if (pcap_compile(c->pcap, &c->filter, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FILTER, "%s: filter \"%s\": %s",
                    c->name, filter, pcap_geterr(c->pcap));
        return false;
    }
    c->filtered = true;
    return true;
}

struct zs_capture *zs_capture_open(const char *path, const char *filter, GError **error)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    FILE *file = check_file(standard ? stdin : fopen(path, "rbe"), name, error);
    pcap_t *pcap = file ? open_pcap(file, name, error) : NULL;
    if (!pcap)
        return NULL;
    struct zs_capture *c = g_new0(struct zs_capture, 1);
    c->name = g_strdup(name);
    c->stream = standard;
    c->pcap = pcap;
    if (!set_filter(c, filter, error))
        g_clear_pointer(&c, zs_capture_close);
    return c;
}

/* A damaged file can hold any time: what does not fit becomes the end of all time. */
static int64_t to_ns(const struct timeval *ts)
{
    int64_t ns;
    if (__builtin_mul_overflow((int64_t)ts->tv_sec, INT64_C(1000000000), &ns) ||
        __builtin_add_overflow(ns, (int64_t)ts->tv_usec, &ns)) /* nanoseconds, as was asked for */
        return ts->tv_sec < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

static void set_read_error(const struct zs_capture *c, GError **error)
{
    uint64_t number = c->number + 1;
    if (feof(pcap_file(c->pcap)))
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_CUT,
                    "%s: cut short in packet %" G_GUINT64_FORMAT ": %s", c->name, number,
                    pcap_geterr(c->pcap));
    else
        g_set_error(error, ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_DAMAGE,
                    "%s: cannot be read at packet %" G_GUINT64_FORMAT ": %s", c->name, number,
                    pcap_geterr(c->pcap));
}

enum zs_capture_answer zs_capture_next(struct zs_capture *c, struct zs_packet *packet,
                                       GError **error)
{
    struct pcap_pkthdr *header;
    const uint8_t *data;
    do {
        int got = pcap_next_ex(c->pcap, &header, &data);
        if (got == PCAP_ERROR_BREAK) /* the end of the file */
            return ZS_CAPTURE_END;
        if (got != 1) {
            set_read_error(c, error);
            return ZS_CAPTURE_FAILED;
        }
        c->number++;
    } while (c->filtered && !pcap_offline_filter(&c->filter, header, data));
    *packet = (struct zs_packet){
        .time_ns = to_ns(&header->ts),
        .number = c->number,
        .length = MAX(header->len, header->caplen),
        .captured = header->caplen,
        .link_type = pcap_datalink(c->pcap),
        .data = data,
    };
    return ZS_CAPTURE_PACKET;
}

int zs_capture_link_type(const struct zs_capture *c)
{
    return pcap_datalink(c->pcap);
}

const char *zs_capture_link_name(int link_type)
{
    const char *name = pcap_datalink_val_to_name(link_type);
    return name ? name : "unknown";
}

const char *zs_capture_name(const struct zs_capture *c)
{
    return c->name;
}

bool zs_capture_is_stream(const struct zs_capture *c)
{
    return c->stream;
}

void zs_capture_close(struct zs_capture *c)
{
    if (c->filtered)
        pcap_freecode(&c->filter);
    pcap_close(c->pcap);
    g_free(c->name);
    g_free(c);
}
