/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A strict reader of the DER that Kerberos and SPNEGO use (X.690, 8.1 and 10.1).
 *
 * Limits: tags of one octet; contents below 4 GiB; no constructed strings; a time's leap second is taken as
 * the second after it. */
#include "core/wire/der.h"

uint8_t zs_der_peek(const struct zs_der *d)
{
    return d->bad || d->left.n == 0 ? 0 : d->left.p[0];
}

/* X.690, 10.1: a length of more than one octet, which takes the fewest it can. first is the one before them. */
static bool read_long_length(struct zs_rd *rd, uint8_t first, size_t *n)
{
    size_t octets = first & 0x7f;

    if (octets == 0 || octets > 4)
        return false;
    uint64_t length = zs_rd_be(rd, octets);
    *n = (size_t)length;
    return length >= 0x80 && length >> (8 * (octets - 1)) != 0;
}

/* The next element, if its tag is tag: contents, and header with contents. */
static inline struct zs_span take(struct zs_der *d, uint8_t tag, struct zs_span *whole)
{
    struct zs_span left = d->left;

    if (d->bad || left.n < 2 || left.p[0] != tag) {
        d->bad = true;
        return zs_span(NULL, 0);
    }
    size_t n = left.p[1];
    struct zs_rd rd = zs_rd(zs_span(left.p + 2, left.n - 2));
    if ((n >= 0x80 && !read_long_length(&rd, left.p[1], &n)) || n > rd.left.n) {
        d->bad = true;
        return zs_span(NULL, 0);
    }
    struct zs_span contents = zs_span(rd.left.p, n);
    d->left = zs_span(contents.p + n, rd.left.n - n);
    *whole = zs_span(left.p, left.n - d->left.n);
    return contents;
}

struct zs_span zs_der_take(struct zs_der *d, uint8_t tag)
{
    struct zs_span whole;
    return take(d, tag, &whole);
}

bool zs_der_optional(struct zs_der *d, uint8_t tag, struct zs_span *contents)
{
    if (zs_der_peek(d) != tag)
        return false;
    struct zs_span got = zs_der_take(d, tag);
    if (d->bad)
        return false;
    *contents = got;
    return true;
}

struct zs_der zs_der_enter(struct zs_der *d, uint8_t tag)
{
    struct zs_span whole;
    struct zs_span contents = take(d, tag, &whole);
    return (struct zs_der){.left = contents, .bad = d->bad};
}

struct zs_span zs_der_whole(struct zs_der *d, uint8_t tag)
{
    struct zs_span whole = {0};
    take(d, tag, &whole);
    return whole;
}

int64_t zs_der_int(struct zs_der *d)
{
    struct zs_span s = zs_der_take(d, ZS_DER_INTEGER);

    /* X.690, 8.3.2: the first nine bits are neither all ones nor all zeros. */
    bool padded =
        s.n > 1 && ((s.p[0] == 0x00 && s.p[1] < 0x80) || (s.p[0] == 0xff && s.p[1] >= 0x80));
    if (d->bad || s.n == 0 || s.n > 8 || padded) {
        d->bad = true;
        return 0;
    }
    uint64_t v = s.p[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    return (int64_t)v;
}

/* Days from 1970-01-01 in the Gregorian calendar, counted from a first of March, so that the leap day ends
 * its year. m up to 13. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* RFC 4120, 5.2.3: KerberosTime is GeneralizedTime in UTC without fractions. */
int64_t zs_der_time(struct zs_der *d)
{
    static const int64_t most[6] = {9999, 12, 31, 23, 59, 60};
    struct zs_span s = zs_der_take(d, ZS_DER_GENERALIZED_TIME);
    int64_t part[6] = {0};

    if (d->bad || s.n != 15 || s.p[14] != 'Z') {
        d->bad = true;
        return 0;
    }
    for (size_t i = 0; i < 14; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            d->bad = true;
            return 0;
        }
        size_t which = i < 4 ? 0 : (i - 2) / 2;
        part[which] = part[which] * 10 + (s.p[i] - '0');
    }
    for (size_t i = 0; i < 6; i++)
        d->bad |= part[i] > most[i];
    int64_t day = days_from_civil(part[0], part[1], part[2]);
    bool past_month = day >= days_from_civil(part[0], part[1] + 1, 1); /* month 13 is January */
    if (part[1] < 1 || part[2] < 1 || past_month)
        d->bad = true;
    return d->bad ? 0 : day * 86400 + part[3] * 3600 + part[4] * 60 + part[5];
}
