/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JUnit's XML, as its readers agree on it: <testsuites>, <testsuite>, <testcase>, <failure>, <error>, <skipped>. */
#include "analyzer/report/junit.h"

#include "analyzer/report/jsonline.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

struct zs_junit {
    FILE *out;
    char *path, *suite; /* its name, escaped */
    GString *cases;     /* of the suite that is being told */
    unsigned tests, failures, errors, skipped;
};

/* XML 1.0, 2.2: not every character has a place in a document, not even as a reference. */
static bool has_a_place(gunichar c)
{
    return c == '\t' || c == '\n' || (c >= 0x20 && c != 0xfffe && c != 0xffff);
}

static void append_escaped(GString *to, const char *text)
{
    char *valid = zs_json_valid(zs_span(text, strlen(text)));

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        const char *entity = c == '&'    ? "&amp;"
                             : c == '<'  ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '"'  ? "&quot;"
                             : c == '\n' ? "&#10;"
                             : c == '\t' ? "&#9;"
                                         : NULL;
        if (entity)
            g_string_append(to, entity);
        else
            g_string_append_unichar(to, has_a_place(c) ? c : 0xfffd);
    }
    g_free(valid);
}

struct zs_junit *zs_junit_open(const char *path, GError **error)
{
    FILE *out = g_fopen(path, "w");

    if (!out) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    struct zs_junit *j = g_new0(struct zs_junit, 1);
    j->out = out;
    j->path = g_strdup(path);
    j->cases = g_string_new(NULL);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"zmtpscope replay\">\n",
          out);
    return j;
}

void zs_junit_begin(struct zs_junit *j, const char *suite)
{
    GString *name = g_string_new(NULL);

    append_escaped(name, suite);
    g_free(j->suite);
    j->suite = g_string_free(name, FALSE);
    g_string_truncate(j->cases, 0);
    j->tests = j->failures = j->errors = j->skipped = 0;
}

static void append_result(GString *to, const char *element, const char *what)
{
    g_string_append_printf(to, ">\n      <%s message=\"", element);
    append_escaped(to, what);
    g_string_append(to, "\"/>\n    </testcase>\n");
}

void zs_junit_case(struct zs_junit *j, const char *name, double seconds,
                   enum zs_junit_result result, const char *what)
{
    static const char *const elements[] = {NULL, "failure", "error", "skipped"};
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    j->tests++;
    j->failures += result == ZS_JUNIT_FAILED;
    j->errors += result == ZS_JUNIT_ERROR;
    j->skipped += result == ZS_JUNIT_SKIPPED;
    g_string_append_printf(j->cases, "    <testcase classname=\"%s\" name=\"", j->suite);
    append_escaped(j->cases, name);
    g_string_append_printf(j->cases, "\" time=\"%s\"",
                           g_ascii_formatd(number, sizeof number, "%.6f", seconds));
    if (elements[result])
        append_result(j->cases, elements[result], what);
    else
        g_string_append(j->cases, "/>\n");
}

void zs_junit_end(struct zs_junit *j, double seconds)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    fprintf(
        j->out,
        "  <testsuite name=\"%s\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%s\">\n"
        "%s  </testsuite>\n",
        j->suite, j->tests, j->failures, j->errors, j->skipped,
        g_ascii_formatd(number, sizeof number, "%.6f", seconds), j->cases->str);
}

bool zs_junit_close(struct zs_junit *j, GError **error)
{
    fputs("</testsuites>\n", j->out);
    bool ok = !ferror(j->out);
    ok &= fclose(j->out) == 0;
    if (!ok)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: could not be written whole",
                    j->path);
    g_string_free(j->cases, TRUE);
    g_free(j->suite);
    g_free(j->path);
    g_free(j);
    return ok;
}
