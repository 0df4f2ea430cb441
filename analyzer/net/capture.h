/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_CAPTURE_H
#define ZS_NET_CAPTURE_H

/* A capture file: packets in the order of the file. */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The message of every error is one sentence that names the file, the packet where there is one,
 * and the reason: "reqrep.pcap: cut short in packet 17: ...". It has no full stop. */
#define ZS_CAPTURE_ERROR zs_capture_error_quark()
GQuark zs_capture_error_quark(void);

enum zs_capture_error {
    ZS_CAPTURE_ERROR_OPEN,   /* no such file, a directory, not readable */
    ZS_CAPTURE_ERROR_FORMAT, /* empty, or no capture */
    ZS_CAPTURE_ERROR_LINK,   /* a link type that zs_link_parse() does not know */
    ZS_CAPTURE_ERROR_FILTER, /* the filter expression */
    ZS_CAPTURE_ERROR_CUT,    /* ends inside a packet; every packet before it was handed out */
    ZS_CAPTURE_ERROR_DAMAGE, /* a packet record that cannot be; likewise */
};

/* data is borrowed until the next call on the capture. */
struct zs_packet {
    int64_t time_ns; /* Unix time, UTC */
    uint64_t number; /* from 1, over all packets of the capture, also those a filter leaves out */
    uint32_t length; /* octets on the wire; never below captured */
    uint32_t captured;
    int link_type; /* as libpcap numbers them: DLT_ */
    const uint8_t *data;
};

enum zs_capture_answer { ZS_CAPTURE_PACKET, ZS_CAPTURE_END, ZS_CAPTURE_FAILED };

struct zs_capture;

/* path "-" is standard input. filter: a pcap-filter(7) expression; NULL or "": all packets. The
 * answer NULL: error is set. */
struct zs_capture *zs_capture_open(const char *path, const char *filter, GError **error);
/* After ZS_CAPTURE_END and ZS_CAPTURE_FAILED there is nothing more to ask for. */
enum zs_capture_answer zs_capture_next(struct zs_capture *c, struct zs_packet *packet,
                                       GError **error);
/* The link type, and its name as libpcap gives it ("EN10MB"); static storage. */
int zs_capture_link_type(const struct zs_capture *c);
const char *zs_capture_link_name(int link_type);
/* As given to zs_capture_open(); "standard input" for "-". */
const char *zs_capture_name(const struct zs_capture *c);
bool zs_capture_is_stream(const struct zs_capture *c); /* standard input */
void zs_capture_close(struct zs_capture *c);

#endif
