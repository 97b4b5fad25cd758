/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * tamper - change a bundle in every way, and see that each is found and named
 *
 *     tamper BUNDLE CA [POSITIONS [SEED]]
 *
 * Every file: cut, lengthened, emptied, removed, replaced by a link; its first, middle
 * and last line dropped, doubled, exchanged with the next; each "end":N of a record
 * moved a day back. Then so many random places of all files, at each of which a bit is
 * flipped, a line dropped, doubled or exchanged with the next, or a moment moved back;
 * and a bit of every byte of the signature. After each the bundle is put back and must
 * be good again at the end.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/measure.h"
#include "base/path.h"
#include "report/bundle.h"
#include "report/bundle_int.h"

#include "base/banned.h"

static struct bundle_check check;
static const char *dir;
static unsigned tried, missed;
static uint64_t state;

static uint64_t roll(uint64_t below) /* splitmix64 */
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    (void)printf("tamper: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "we");

    must(f != NULL, path);
    must(fwrite(bytes, 1, n, f) == n || n == 0, path);
    must(fclose(f) == 0, path);
}

/* It must be found, and its text must name the file. A changed manifest is found by its
   signature. */
static void expect(const char *name, const char *how)
{
    struct bundle_found found = {0};
    struct err err = {0};
    int r = bundle_verify(dir, &check, &found, &err);
    bool manifest = !strncmp(name, "MANIFEST", 8);

    tried++;
    bundle_found_release(&found);
    if ((r == -EBADMSG || r == -EKEYREJECTED)
        && strstr(err.text, manifest ? "MANIFEST" : name))
        return;
    missed++;
    (void)printf("missed: %s: %s: %s\n", name, how, r < 0 ? err.text : "it is good");
}

struct target {
    const char *name; /* in the bundle */
    char path[4200];
    struct buf bytes;
};

static void try_bytes(const struct target *t, const char *how, const char *v, size_t n)
{
    if (n == t->bytes.len && (n == 0 || !memcmp(v, t->bytes.data, n)))
        return; /* nothing was changed: two lines were the same */
    write_file(t->path, v, n);
    expect(t->name, how);
}

/* Line `at` (from 0): its start and length with the newline. */
static bool line_of(const struct target *t, size_t at, size_t *ret_from, size_t *ret_n)
{
    const char *p = t->bytes.data, *end = p + t->bytes.len;

    for (;; at--) {
        const char *nl = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

        if (!nl)
            return false;
        if (at == 0) {
            *ret_from = (size_t)(p - t->bytes.data);
            *ret_n = (size_t)(nl + 1 - p);
            return true;
        }
        p = nl + 1;
    }
}

enum line_change { LINE_DROPPED, LINE_DOUBLED, LINE_EXCHANGED, _LINE_CHANGE_MAX };

static void change_line(const struct target *t, size_t at, enum line_change how)
{
    size_t from, n, next, n_next, all = t->bytes.len;
    char *v;

    if (!line_of(t, at, &from, &n))
        return;
    v = malloc(all + n);
    must(v != NULL, "memory");
    switch (how) {
    case LINE_DROPPED:
        memcpy(v, t->bytes.data, from);
        memcpy(v + from, t->bytes.data + from + n, all - from - n);
        try_bytes(t, "a line was dropped", v, all - n);
        break;
    case LINE_DOUBLED:
        memcpy(v, t->bytes.data, from + n);
        memcpy(v + from + n, t->bytes.data + from, all - from);
        try_bytes(t, "a line was doubled", v, all + n);
        break;
    case LINE_EXCHANGED:
        if (!line_of(t, at + 1, &next, &n_next))
            break;
        memcpy(v, t->bytes.data, all);
        memcpy(v + from, t->bytes.data + next, n_next);
        memcpy(v + from + n_next, t->bytes.data + from, n);
        try_bytes(t, "two lines were exchanged", v, all);
        break;
    case _LINE_CHANGE_MAX:
        break;
    }
    free(v);
}

static void try_line(const struct target *t, size_t at)
{
    for (int how = 0; how < _LINE_CHANGE_MAX; how++)
        change_line(t, at, (enum line_change)how);
}

static void back_date(const struct target *t)
{
    char *v = strdup(buf_text(&t->bytes));
    char *at = v;
    unsigned n = 0;

    must(v != NULL, "memory");
    while (n < 5 && (at = strstr(at, "\"end\":"))) {
        char *digit = at + 6 + 4; /* of the ten thousands of seconds or so */
        char was = *digit;

        *digit = was > '0' ? (char)(was - 1) : '9';
        try_bytes(t, "a record was moved in time", v, t->bytes.len);
        *digit = was;
        at++;
        n++;
    }
    free(v);
}

static size_t count_lines(const struct target *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->bytes.len; i++)
        n += t->bytes.data[i] == '\n';
    return n;
}

static void try_file(struct target *t)
{
    size_t lines = count_lines(t), n = t->bytes.len;
    char *longer = malloc(n + 2);

    must(longer != NULL, "memory");
    if (n)
        memcpy(longer, t->bytes.data, n);
    longer[n] = 'x';
    longer[n + 1] = '\n';
    try_bytes(t, "it was lengthened", longer, n + 2);
    try_bytes(t, "it was cut by a byte", longer, n ? n - 1 : 0);
    try_bytes(t, "it was cut in the middle", longer, n / 2);
    try_bytes(t, "it was emptied", longer, 0);
    free(longer);
    if (lines) {
        try_line(t, 0);
        try_line(t, lines / 2);
        try_line(t, lines - 1);
    }
    if (strstr(t->name, ".jsonl"))
        back_date(t);
    must(unlink(t->path) == 0, t->path);
    expect(t->name, "it was removed");
    must(symlink("/etc/passwd", t->path) == 0, t->path);
    expect(t->name, "it is a link");
    must(unlink(t->path) == 0, t->path);
    write_file(t->path, buf_text(&t->bytes), n);
}

static void flip(struct target *t, size_t at, unsigned bit)
{
    t->bytes.data[at] = (char)(t->bytes.data[at] ^ (1 << bit));
    write_file(t->path, t->bytes.data, t->bytes.len);
    expect(t->name, "a bit was changed");
    t->bytes.data[at] = (char)(t->bytes.data[at] ^ (1 << bit));
}

/* The moment that stands behind `at`: "end":N, "start":N, … or "t":"2026-…". */
static void back_date_near(const struct target *t, size_t at)
{
    static const char *const marks[] = {
        "\"end\":", "\"start\":", "\"submit\":", "\"eligible\":", "\"t\":\""};
    const char *mark = marks[roll(ARRAY_SIZE(marks))];
    char *v = strdup(buf_text(&t->bytes));
    char *digit;

    must(v != NULL, "memory");
    digit = strstr(v + at, mark);
    if (digit) {
        digit += strlen(mark) + 3; /* not its first digits: another century */
        *digit = *digit > '0' ? (char)(*digit - 1) : '9';
        try_bytes(t, "a moment was moved", v, t->bytes.len);
    }
    free(v);
}

static void try_random(struct target *t, size_t lines)
{
    size_t at = roll(t->bytes.len);

    switch (roll(lines > 1 ? 5 : 1)) {
    case 0:
        flip(t, at, (unsigned)roll(8));
        break;
    case 1:
        change_line(t, roll(lines), LINE_DROPPED);
        break;
    case 2:
        change_line(t, roll(lines), LINE_DOUBLED);
        break;
    case 3:
        change_line(t, roll(lines), LINE_EXCHANGED);
        break;
    default:
        if (strstr(t->name, ".jsonl"))
            back_date_near(t, at);
        else
            flip(t, at, (unsigned)roll(8));
        break;
    }
}

static void add_file(void)
{
    char path[4200];

    (void)snprintf(path, sizeof(path), "%s/tables/more.csv", dir);
    write_file(path, "a\n", 2);
    expect("tables/more.csv", "it was added");
    must(unlink(path) == 0, path);
}

int main(int argc, char **argv)
{
    static struct target v[BUNDLE_FILES_MAX];
    struct bundle_found found = {0};
    struct err err = {0};
    uint64_t positions = 1000;
    size_t n = 0, bytes = 0;
    char **names;

    if (argc < 3 || argc > 5
        || (argc > 3 && measure_u64(argv[3], 0, 1000000, &positions, NULL) < 0)
        || (argc > 4 && measure_u64(argv[4], 0, UINT64_MAX, &state, NULL) < 0))
        return 2;
    dir = argv[1];
    check.ca = argv[2];
    must(bundle_list(dir, &names, &n, &err) == 0, err.text);
    for (size_t i = 0; i < n; i++) {
        v[i].name = names[i] + 2;
        v[i].bytes = BUF_INIT((size_t)64 << 20);
        (void)snprintf(v[i].path, sizeof(v[i].path), "%s/%s", dir, v[i].name);
        must(path_read(v[i].path, &v[i].bytes, &err) == 0, err.text);
        bytes += v[i].bytes.len;
    }
    for (size_t i = 0; i < n; i++)
        try_file(&v[i]);
    add_file();
    for (size_t i = 0; i < n; i++) {
        bool text = !strstr(v[i].name, ".pdf") && !strstr(v[i].name, ".xlsx");
        bool seal = !strcmp(v[i].name, "MANIFEST.p7s");
        size_t lines = text && !seal ? count_lines(&v[i]) : 0;

        for (size_t at = 0; seal && at < v[i].bytes.len; at++)
            flip(&v[i], at, (unsigned)roll(8));
        /* So many of each file as its part of all bytes, at least one. */
        for (uint64_t k = 0; v[i].bytes.len && k <= positions * v[i].bytes.len / bytes;
             k++)
            try_random(&v[i], lines);
        write_file(v[i].path, buf_text(&v[i].bytes), v[i].bytes.len);
    }
    if (bundle_verify(dir, &check, &found, &err) < 0) {
        (void)printf("put back, it is not good any more: %s\n", err.text);
        missed++;
    } else {
        bundle_found_release(&found);
    }
    bundle_list_free(names, n);
    (void)printf("%zu files, %u changes, %u not found\n", n, tried, missed);
    return missed ? 1 : 0;
}
