/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZS_NET_CAPTURE_H
#define ZS_NET_CAPTURE_H

/* Where packets come from: a capture file, compressed or not, or a network interface. */
#include "analyzer/net/packet.h"

#include <glib.h>
#include <stdbool.h>

/* The message of every error is one sentence that names the file, the packet where there is one,
 * and the reason: "reqrep.pcap: cut short in packet 17: ...". It has no full stop. */
#define ZS_CAPTURE_ERROR zs_capture_error_quark()
GQuark zs_capture_error_quark(void);

enum zs_capture_error {
    ZS_CAPTURE_ERROR_OPEN,   /* no such file, a directory without any capture, not readable */
    ZS_CAPTURE_ERROR_FORMAT, /* empty, or no capture */
    ZS_CAPTURE_ERROR_LINK,   /* no link type in it that zs_link_parse() knows */
    ZS_CAPTURE_ERROR_FILTER, /* the filter expression */
    ZS_CAPTURE_ERROR_CUT,    /* ends inside a packet; every packet before it was handed out */
    ZS_CAPTURE_ERROR_DAMAGE, /* a packet record that cannot be; likewise */
    ZS_CAPTURE_ERROR_LIVE,   /* the interface went away */
};

enum zs_capture_answer {
    ZS_CAPTURE_PACKET,
    ZS_CAPTURE_IDLE, /* of an interface alone: nothing came for a tenth of a second */
    ZS_CAPTURE_END,
    ZS_CAPTURE_FAILED,
};

/* Each may be NULL. */
struct zs_capture_hooks {
    /* At the end of a file: look for more? It may sleep. NULL: no. */
    bool (*wait)(void *user);
    /* A decryption secrets block of a pcapng, before the packets that follow it. capture: as zs_capture_name(). */
    void (*secrets)(void *user, const char *capture, uint32_t type, const void *octets, size_t n);
    /* Every block of a pcapng as it stands in the file, once it was read. One that is of no use here comes in pieces,
     * of which begins marks the first, with ZS_PCAPNG_HEAD octets at least. */
    void (*block)(void *user, const uint8_t *octets, size_t n, bool begins);
    void *user;
};

struct zs_capture;

/* path "-" is standard input. room: octets of the buffer; 0: a default. hooks is copied, and may be NULL. The answer
 * NULL: error is set. */
struct zs_capture *zs_capture_open(const char *path, size_t room,
                                   const struct zs_capture_hooks *hooks, GError **error);
/* filter: a pcap-filter(7) expression for the kernel; NULL or "": all packets. */
struct zs_capture *zs_capture_open_live(const char *interface, const char *filter, GError **error);
/* After ZS_CAPTURE_END and ZS_CAPTURE_FAILED there is nothing more to ask for. packet is borrowed until the next
 * call; its number counts the packets of this capture. */
enum zs_capture_answer zs_capture_next(struct zs_capture *c, struct zs_packet *packet,
                                       GError **error);
/* The link types known so far, each once: of a file at least those that stand before its first packet. */
const int *zs_capture_link_types(const struct zs_capture *c, size_t *n);
const char *zs_capture_link_name(int link_type); /* "EN10MB", as libpcap says; static storage */
/* As given to zs_capture_open(); "standard input" for "-". */
const char *zs_capture_name(const struct zs_capture *c);
bool zs_capture_is_stream(
    const struct zs_capture *c); /* no regular file: it cannot be read again */
/* Packets that the kernel dropped because nobody took them in time, as far as is known. */
uint64_t zs_capture_dropped(const struct zs_capture *c);
void zs_capture_close(struct zs_capture *c); /* NULL is fine */

#endif
