/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* scan - words and numbers of a text that a stranger wrote */
#include "config.h"

#include "place/scan_int.h"

#include <string.h>
#include <strings.h>

#include "base/number.h"

#include "base/banned.h"

void scan_blanks(struct scan *s, char more)
{
    while (s->at < s->end
           && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r'
               || (more && *s->at == more)))
        s->at++;
}

bool scan_at_end(const struct scan *s)
{
    return s->at == s->end || *s->at == '\n';
}

bool scan_next_line(struct scan *s)
{
    const char *p =
        s->at < s->end ? memchr(s->at, '\n', (size_t)(s->end - s->at)) : NULL;

    if (!p) {
        s->at = s->end;
        return false;
    }
    s->at = p + 1;
    s->line++;
    return s->at < s->end;
}

bool scan_u64(struct scan *s, uint64_t max, uint64_t *ret_n)
{
    uint64_t n = 0;
    const char *p = s->at;

    for (; p < s->end && *p >= '0' && *p <= '9'; p++)
        if (!mul_ok(n, UINT64_C(10), &n) || !add_ok(n, (uint64_t)(*p - '0'), &n))
            return false;
    if (p == s->at || n > max)
        return false;
    s->at = p;
    *ret_n = n;
    return true;
}

bool scan_real(struct scan *s, uint64_t max, uint64_t *ret_n)
{
    double x = 0;
    double unit = 1;
    uint64_t power = 0;
    bool down = false;
    const char *p = s->at;
    struct scan rest;

    for (; p < s->end && *p >= '0' && *p <= '9'; p++)
        x = 10 * x + (*p - '0');
    if (p == s->at)
        return false;
    if (p < s->end && *p == '.')
        for (p++; p < s->end && *p >= '0' && *p <= '9'; p++) {
            unit /= 10;
            x += unit * (*p - '0');
        }
    if (p < s->end && (*p == 'e' || *p == 'E')) {
        rest = (struct scan){p + 1, s->end, s->line};
        down = rest.at < rest.end && *rest.at == '-';
        if (rest.at < rest.end && (*rest.at == '-' || *rest.at == '+'))
            rest.at++;
        if (!scan_u64(&rest, 300, &power))
            return false;
        p = rest.at;
    }
    for (; power > 0 && x > 0 && x < 1e300; power--)
        x = down ? x / 10 : x * 10;
    if (!(x <= (double)max))
        return false;
    s->at = p;
    *ret_n = (uint64_t)(x + 0.5);
    return true;
}

bool scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    const char *p = s->at;

    if ((size_t)(s->end - p) < n || strncasecmp(p, word, n) != 0)
        return false;
    p += n;
    if (p < s->end && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
        return false;
    s->at = p;
    return true;
}
