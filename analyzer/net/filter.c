/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters by libpcap, which compiles an expression for one link type: one program for each that comes up. */
#include "analyzer/net/filter.h"

#include <glib.h>
#include <pcap/pcap.h>

enum { SNAPLEN = 262144 };

struct program {
    int link_type;
    bool usable;
    struct bpf_program code;
    char why[PCAP_ERRBUF_SIZE];
};

struct zs_filter {
    char *expression;
    GPtrArray *programs;
};

static void free_program(void *program)
{
    struct program *p = program;

    if (p->usable)
        pcap_freecode(&p->code);
    g_free(p);
}

struct zs_filter *zs_filter_new(const char *expression)
{
    struct zs_filter *f = g_new0(struct zs_filter, 1);

    f->expression = g_strdup(expression);
    f->programs = g_ptr_array_new_with_free_func(free_program);
    return f;
}

static struct program *compile(struct zs_filter *f, int link_type)
{
    struct program *p = g_new0(struct program, 1);
    pcap_t *dead = pcap_open_dead(link_type, SNAPLEN);

    p->link_type = link_type;
    p->usable = pcap_compile(dead, &p->code, f->expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!p->usable)
        g_strlcpy(p->why, pcap_geterr(dead), sizeof p->why);
    pcap_close(dead);
    g_ptr_array_add(f->programs, p);
    return p;
}

static struct program *program_for(struct zs_filter *f, int link_type)
{
    for (guint i = 0; i < f->programs->len; i++) {
        struct program *p = f->programs->pdata[i];
        if (p->link_type == link_type)
            return p;
    }
    return compile(f, link_type);
}

const char *zs_filter_compile(struct zs_filter *f, int link_type)
{
    const struct program *p = program_for(f, link_type);

    return p->usable ? NULL : p->why;
}

bool zs_filter_passes(struct zs_filter *f, const struct zs_packet *packet)
{
    struct program *p = program_for(f, packet->link_type);
    const struct pcap_pkthdr header = {.caplen = packet->captured, .len = packet->length};

    return p->usable && pcap_offline_filter(&p->code, &header, packet->data);
}

void zs_filter_free(struct zs_filter *f)
{
    if (!f)
        return;
    g_ptr_array_free(f->programs, TRUE);
    g_free(f->expression);
    g_free(f);
}
