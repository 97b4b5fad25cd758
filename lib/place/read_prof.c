/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* read_prof - what Open MPI's monitoring wrote for one rank */
#include "config.h"

#include "place/read.h"

#include <errno.h>
#include <inttypes.h>

#include "place/machine.h"
#include "place/scan_int.h"

#include "base/banned.h"

/* "from to N bytes ..." after the letter. */
static int read_flow(struct scan *s, struct flows *f, struct err *err)
{
    uint64_t v[3];
    static const uint64_t max[3] = {PLACE_RANKS_MAX - 1, PLACE_RANKS_MAX - 1,
                                    PATTERN_WEIGHT_MAX / 4};

    for (int i = 0; i < 3; i++) {
        scan_blanks(s, 0);
        if (!scan_u64(s, max[i], &v[i]))
            return err_set(err, -EINVAL,
                           "line %" PRIu32 ": 'from to N bytes' must follow the letter",
                           s->line);
    }
    scan_blanks(s, 0);
    if (!scan_word(s, "bytes"))
        return err_set(err, -EINVAL, "line %" PRIu32 ": 'bytes' must follow the number",
                       s->line);
    return flows_add(f, (uint32_t)v[0], (uint32_t)v[1], v[2]);
}

int flows_read_prof(struct flows *f, const char *text, size_t n_bytes, struct err *err)
{
    struct scan s = scan_of(text, n_bytes);
    size_t n = f->n;
    int r = 0;

    if (n_bytes == 0)
        return err_set(err, -EINVAL, "line 1: an empty file");
    do {
        scan_blanks(&s, 0);
        if (scan_word(&s, "E") || scan_word(&s, "I") || scan_word(&s, "S"))
            r = read_flow(&s, f, err);
        else if (!scan_at_end(&s) && !(*s.at == '#' || (*s.at >= 'A' && *s.at <= 'Z')))
            r = err_set(err, -EINVAL,
                        "line %" PRIu32 ": not a line of Open MPI's monitoring",
                        s.line);
    } while (r == 0 && scan_next_line(&s));
    if (r < 0)
        f->n = n;
    return r;
}
