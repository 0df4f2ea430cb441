/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several captures as one: by time, numbered on, whatever goes wrong with one of them; and the filter. */
#include "analyzer/net/timeline.h"

#include <glib/gstdio.h>
#include <string.h>

struct place {
    char *directory;
    GPtrArray *paths; /* of files written, NULL not among them */
};

static void place_init(struct place *p, const void *data)
{
    (void)data;
    p->directory = g_dir_make_tmp("zs-timeline-XXXXXX", NULL);
    g_assert_nonnull(p->directory);
    p->paths = g_ptr_array_new_with_free_func(g_free);
}

static void place_clear(struct place *p, const void *data)
{
    (void)data;
    for (guint i = 0; i < p->paths->len; i++)
        g_unlink(p->paths->pdata[i]);
    g_assert_cmpint(g_rmdir(p->directory), ==, 0);
    g_ptr_array_free(p->paths, TRUE);
    g_free(p->directory);
}

static void put32(GString *s, uint32_t n)
{
    g_string_append_len(s, (const char *)&n, sizeof n);
}

/* A pcap of this machine's order; times: the seconds of its packets, each of which is one letter, from first on. */
static const char *file(struct place *p, const char *name, uint32_t link_type, const char *times,
                        char first)
{
    GString *s = g_string_new(NULL);
    put32(s, 0xa1b2c3d4);
    put32(s, 2 | 4 << 16);
    put32(s, 0);
    put32(s, 0);
    put32(s, 65535);
    put32(s, link_type);
    for (const char *t = times; *t; t++) {
        put32(s, (uint32_t)(*t - '0'));
        put32(s, 0);
        put32(s, 1);
        put32(s, *t % 2 ? 60 : 600);
        g_string_append_c(s, first++);
    }
    char *path = g_build_filename(p->directory, name, NULL);
    g_assert_true(g_file_set_contents(path, s->str, (gssize)s->len, NULL));
    g_string_free(s, TRUE);
    g_ptr_array_add(p->paths, path);
    return path;
}

/* Reads all: each packet as "number:second letter", and frees t. */
static char *told(struct zs_timeline *t)
{
    GString *s = g_string_new(NULL);
    struct zs_packet packet;
    while (zs_timeline_next(t, &packet) == ZS_CAPTURE_PACKET)
        g_string_append_printf(s, "%s%d:%d%c", s->len ? " " : "", (int)packet.number,
                               (int)(packet.time_ns / 1000000000), packet.data[0]);
    if (zs_timeline_error(t))
        g_string_append_printf(s, "; %s", strrchr(zs_timeline_error(t)->message, ':') + 2);
    zs_timeline_free(t);
    return g_string_free(s, FALSE);
}

static void tells(struct zs_timeline *t, const char *expected)
{
    char *s = told(t);
    g_assert_cmpstr(s, ==, expected);
    g_free(s);
}

static void files_are_merged_by_time(struct place *p, const void *data)
{
    (void)data;
    const char *paths[] = {file(p, "late", 1, "579", 'a'), file(p, "early", 1, "1368", 'k'), NULL};
    tells(zs_timeline_open(paths, NULL), "1:1k 2:3l 3:5a 4:6m 5:7b 6:8n 7:9c");
}

/* As mergecap has it: a file's own order stays, and of equal times the first file's comes first. */
static void disorder_inside_a_file_stays(struct place *p, const void *data)
{
    (void)data;
    const char *paths[] = {file(p, "x", 1, "525", 'a'), file(p, "y", 1, "45", 'k'), NULL};
    tells(zs_timeline_open(paths, NULL), "1:4k 2:5a 3:2b 4:5c 5:5l");
}

static void directory_is_its_captures(struct place *p, const void *data)
{
    (void)data;
    file(p, "ring_00002", 1, "34", 'c');
    file(p, "ring_00001", 1, "12", 'a');
    file(p, "ring_00003", 1, "", 'x');
    char *letter = g_build_filename(p->directory, "letter", NULL);
    g_assert_true(g_file_set_contents(letter, "no capture", -1, NULL));
    g_ptr_array_add(p->paths, letter);
    const char *paths[] = {p->directory, NULL};
    tells(zs_timeline_open(paths, NULL), "1:1a 2:2b 3:3c 4:4d");
}

static void directory_without_captures(struct place *p, const void *data)
{
    (void)data;
    const char *paths[] = {p->directory, NULL};
    struct zs_timeline *t = zs_timeline_open(paths, NULL);
    g_assert_cmpuint(zs_timeline_count(t), ==, 0);
    tells(t, "; is a directory without any capture file");
}

/* So many files that not all could be open at once with buffers of full size. */
static void ring_of_many_files(struct place *p, const void *data)
{
    (void)data;
    GString *expected = g_string_new(NULL);
    for (unsigned i = 0; i < 40; i++) {
        char name[16], time[2] = {(char)('0' + i), 0};
        g_snprintf(name, sizeof name, "f%02u", 39 - i);
        file(p, name, 1, time, (char)('A' + i));
        g_string_append_printf(expected, "%s%u:%u%c", i ? " " : "", i + 1, i, 'A' + i);
    }
    const char *paths[] = {p->directory, NULL};
    tells(zs_timeline_open(paths, NULL), expected->str);
    g_string_free(expected, TRUE);
}

static void one_that_fails_stops_nobody(struct place *p, const void *data)
{
    (void)data;
    const char *cut = file(p, "cut", 1, "135", 'a'), *whole = file(p, "whole", 1, "246", 'k');
    char *octets;
    gsize n;
    g_assert_true(g_file_get_contents(cut, &octets, &n, NULL));
    g_assert_true(g_file_set_contents(cut, octets, (gssize)n - 1, NULL));
    g_free(octets);
    const char *paths[] = {cut, "no such file", whole, NULL};
    struct zs_timeline *t = zs_timeline_open(paths, NULL);
    g_assert_cmpuint(zs_timeline_count(t), ==, 2);
    tells(t, "1:1a 2:2k 3:3b 4:4l 5:6m; No such file or directory");
    const char *first[] = {cut, whole, NULL};
    tells(zs_timeline_open(first, NULL),
          "1:1a 2:2k 3:3b 4:4l 5:6m; the file ends inside its record");
}

static void note_trouble(void *user, const GError *error)
{
    GString *said = user;

    g_string_append_printf(said, "%s; ", strrchr(error->message, ':') + 2);
}

/* When it happens: before anything is read, or where the packet is missing. */
static void each_trouble_is_told(struct place *p, const void *data)
{
    (void)data;
    const char *cut = file(p, "cut", 1, "13", 'a');
    char *octets;
    gsize n;
    g_assert_true(g_file_get_contents(cut, &octets, &n, NULL));
    g_assert_true(g_file_set_contents(cut, octets, (gssize)n - 1, NULL));
    g_free(octets);
    const char *paths[] = {"no such file", cut, p->directory, "no such file", NULL};
    GString *said = g_string_new(NULL);
    const struct zs_timeline_options options = {.hooks = {.user = said}, .trouble = note_trouble};
    struct zs_timeline *t = zs_timeline_open(paths, &options);
    g_assert_cmpstr(said->str, ==, "No such file or directory; No such file or directory; ");
    g_string_truncate(said, 0);
    tells(t, "1:1a 2:1a; No such file or directory");
    g_assert_cmpstr(said->str, ==,
                    "the file ends inside its record; the file ends inside its record; ");
    g_string_free(said, TRUE);
}

static void filter_keeps_the_numbers(struct place *p, const void *data)
{
    (void)data;
    const char *paths[] = {file(p, "x", 1, "1267", 'a'), file(p, "y", 276, "345", 'k'), NULL};
    const struct zs_timeline_options options = {.filter = "greater 500"};
    tells(zs_timeline_open(paths, &options), "2:2b 4:4l 6:6c");
}

static void filter_that_is_none(struct place *p, const void *data)
{
    (void)data;
    const char *paths[] = {file(p, "x", 1, "1", 'a'), NULL};
    const struct zs_timeline_options options = {.filter = "tcp prt 5"};
    struct zs_timeline *t = zs_timeline_open(paths, &options);
    char *expected = g_strdup_printf("%s: filter \"tcp prt 5\": ", paths[0]);
    g_assert_cmpuint(zs_timeline_count(t), ==, 0);
    g_assert_true(g_error_matches(zs_timeline_error(t), ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_FILTER));
    g_assert_true(g_str_has_prefix(zs_timeline_error(t)->message, expected));
    zs_timeline_free(t);
    g_free(expected);
}

static void link_types_are_known_before_anything_is_read(struct place *p, const void *data)
{
    (void)data;
    const char *paths[] = {file(p, "x", 1, "1", 'a'), file(p, "y", 276, "2", 'b'),
                           file(p, "z", 1, "3", 'c'), NULL};
    struct zs_timeline *t = zs_timeline_open(paths, NULL);
    size_t n;
    const int *types = zs_timeline_link_types(t, &n);
    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpint(types[0], ==, 1);
    g_assert_cmpint(types[1], ==, 276);
    zs_timeline_free(t);
}

static void interface_that_is_not_there(void)
{
    struct zs_timeline *t = zs_timeline_open_live("no-such-interface", NULL);
    g_assert_cmpuint(zs_timeline_count(t), ==, 0);
    g_assert_true(g_error_matches(zs_timeline_error(t), ZS_CAPTURE_ERROR, ZS_CAPTURE_ERROR_OPEN));
    zs_timeline_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(name) g_test_add("/timeline/" #name, struct place, NULL, place_init, name, place_clear)
    CASE(files_are_merged_by_time);
    CASE(disorder_inside_a_file_stays);
    CASE(directory_is_its_captures);
    CASE(directory_without_captures);
    CASE(ring_of_many_files);
    CASE(one_that_fails_stops_nobody);
    CASE(each_trouble_is_told);
    CASE(filter_keeps_the_numbers);
    CASE(filter_that_is_none);
    CASE(link_types_are_known_before_anything_is_read);
    g_test_add_func("/timeline/interface_that_is_not_there", interface_that_is_not_there);
    return g_test_run();
}
