/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* proxy_note - a proxy's AdminComment, both ways */
#include "config.h"

#include "model/proxy_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"

#include "base/banned.h"

void proxy_note_write(const struct proxy_note *n, char *text)
{
    (void)snprintf(text, PROXY_TEXT_MAX, PROXY_WORD " %" PRIu64 " %s %d:%d %s", n->job,
                   job_state_word(n->state), n->exit_code, n->exit_signal,
                   n->center[0] ? n->center : "-");
}

/* "CODE:SIGNAL" */
static bool read_end(const char *text, struct proxy_note *n)
{
    const char *colon = strchr(text, ':');
    char code[16];
    int64_t v;

    if (!colon || (size_t)(colon - text) >= sizeof(code))
        return false;
    memcpy(code, text, (size_t)(colon - text));
    code[colon - text] = '\0';
    if (measure_i64(code, INT32_MIN, INT32_MAX, &v, NULL) < 0)
        return false;
    n->exit_code = (int32_t)v;
    if (measure_i64(colon + 1, 0, 128, &v, NULL) < 0)
        return false;
    n->exit_signal = (int32_t)v;
    return true;
}

bool proxy_note_read(const char *text, struct proxy_note *ret_note)
{
    struct words w = WORDS_INIT(8, PROXY_TEXT_MAX);
    struct proxy_note n = {0};
    bool ok = text && words_split(&w, text, " ") == 0 && w.n == 5
              && !strcmp(w.v[0], PROXY_WORD)
              && measure_u64(w.v[1], 1, INT64_MAX, &n.job, NULL) == 0
              && job_state_parse(w.v[2], &n.state) && read_end(w.v[3], &n)
              && word_copy(n.center, sizeof(n.center), w.v[4]);

    if (ok && !strcmp(n.center, "-"))
        n.center[0] = '\0';
    if (ok)
        *ret_note = n;
    words_release(&w);
    return ok;
}
