/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_chain - lines that were changed, dropped or moved are found; proofs hold for
 *              every tree up to 40 lines, and agree with the recorded sample
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "ledger/chain.h"
#include "tests/cmocka_all.h"

#define N 40

static struct hash leaves[N];
static struct hash roots[N + 1];

static int make_trees(void **state)
{
    struct merkle m = {0};

    (void)state;
    for (size_t i = 0; i <= N; i++) {
        char line[32];
        int n = snprintf(line, sizeof(line), "line %zu", i);

        assert_int_equal(merkle_root(&m, &roots[i]), 0);
        if (i < N) {
            assert_int_equal(merkle_leaf(line, (size_t)n, &leaves[i]), 0);
            assert_int_equal(merkle_add(&m, &leaves[i]), 0);
        }
    }
    return 0;
}

static void every_line_is_included_once(void **state)
{
    struct hash proof[PROOF_MAX];

    (void)state;
    for (size_t n = 1; n <= N; n++)
        for (size_t i = 0; i < n; i++) {
            size_t len = 99;

            assert_int_equal(merkle_prove(leaves, n, i, proof, &len), 0);
            for (size_t j = 0; j < n; j++)
                assert_int_equal(merkle_check(&leaves[j], i, n, proof, len, &roots[n]),
                                 j == i ? 0 : -EBADMSG);
            for (size_t j = 0; j <= n; j++) /* at no other place */
                if (j != i)
                    assert_int_equal(
                        merkle_check(&leaves[i], j, n, proof, len, &roots[n]),
                        -EBADMSG);
            if (len > 0)
                assert_int_equal(
                    merkle_check(&leaves[i], i, n, proof, len - 1, &roots[n]),
                    -EBADMSG);
            for (size_t k = 0; k < len; k++) {
                proof[k].b[7] ^= 1;
                assert_int_equal(merkle_check(&leaves[i], i, n, proof, len, &roots[n]),
                                 -EBADMSG);
                proof[k].b[7] ^= 1;
            }
            proof[len] = leaves[0];
            assert_int_equal(merkle_check(&leaves[i], i, n, proof, len + 1, &roots[n]),
                             -EBADMSG);
        }
    assert_int_equal(merkle_prove(leaves, 3, 3, proof, &(size_t){0}), -ERANGE);
}

static void a_tree_only_grows(void **state)
{
    struct hash proof[PROOF_MAX];

    (void)state;
    for (size_t n = 1; n <= N; n++)
        for (size_t old = 1; old <= n; old++) {
            size_t len = 99;

            assert_int_equal(merkle_prove_grown(leaves, n, old, proof, &len), 0);
            assert_int_equal(
                merkle_check_grown(old, &roots[old], n, &roots[n], proof, len), 0);
            if (old < n) {
                assert_int_equal(
                    merkle_check_grown(old, &roots[old - 1], n, &roots[n], proof, len),
                    -EBADMSG);
                assert_int_equal(
                    merkle_check_grown(old, &roots[old], n, &roots[n - 1], proof, len),
                    -EBADMSG);
            }
            for (size_t k = 0; k < len; k++) {
                proof[k].b[0] ^= 1;
                assert_int_equal(
                    merkle_check_grown(old, &roots[old], n, &roots[n], proof, len),
                    -EBADMSG);
                proof[k].b[0] ^= 1;
            }
        }
    assert_int_equal(merkle_check_grown(0, roots, 3, &roots[3], proof, 0), -EBADMSG);
    assert_int_equal(merkle_check_grown(4, &roots[4], 3, &roots[3], proof, 0),
                     -EBADMSG);
}

static void lines_follow_each_other(void **state)
{
    static char lines[5][1024];
    size_t len[5];
    struct chain w = {.seq = 1}, c = {.seq = 1};
    struct posting p = {.kind = POST_HOLD,
                        .at = {17},
                        .job = 5,
                        .epoch = 2,
                        .from = "avail:p@hanoi",
                        .to = "hold:5@hanoi"};
    struct err err = {0};
    char text[64];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        p.milli = (int64_t)i;
        assert_int_equal(chain_write(&w, &p, lines[i], sizeof(lines[i]), &len[i]), 0);
    }
    assert_string_equal(
        lines[0], "{\"at\":17,\"epoch\":2,\"from\":\"avail:p@hanoi\",\"job\":5,"
                  "\"kind\":\"hold\",\"milli\":0,\"prev\":\"000000000000000000000000"
                  "0000000000000000000000000000000000000000\",\"seq\":1,"
                  "\"to\":\"hold:5@hanoi\"}");
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(chain_follow(&c, lines[i], len[i], &err), 0);
    assert_memory_equal(&c, &w, sizeof(c));
    /* Any byte of any line but the last changed: that line or the next is refused. */
    for (size_t i = 0; i < 4; i++)
        for (size_t at = 0; at < len[i]; at++) {
            int r = 0;

            c = (struct chain){.seq = 1};
            lines[i][at] ^= 4;
            for (size_t k = 0; r == 0 && k < 5; k++) {
                r = chain_follow(&c, lines[k], len[k], &err);
                assert_true(r == 0 || k == i || k == i + 1);
            }
            assert_int_equal(r, -EBADMSG);
            lines[i][at] ^= 4;
        }
    c = (struct chain){.seq = 1};
    assert_int_equal(chain_follow(&c, lines[1], len[1], &err), -EBADMSG);
    assert_string_equal(err.text, "line 1 is expected, 2 is there");
    assert_int_equal(chain_write(&w, &p, text, sizeof(text), len), -EMSGSIZE);
    assert_int_equal(w.seq, 6);
}

/* --- the recorded sample -------------------------------------------------------------
 */

static int load(const char *name, struct buf *b)
{
    const char *shared = getenv("HOPLUU_SHARED");
    const char *top = getenv("top_srcdir");
    char path[512];

    if (shared)
        (void)snprintf(path, sizeof(path), "%s/data/accounting/ledger/%s", shared,
                       name);
    else
        (void)snprintf(path, sizeof(path), "%s/../shared/data/accounting/ledger/%s",
                       top ? top : "..", name);
    return path_read(path, b, NULL);
}

/* "L HASH" or "R HASH" lines after the root, as merkle_prove finds them. */
static void same_proof(unsigned index, const struct hash *sample_leaves, size_t n)
{
    struct buf b = BUF_INIT(1 << 16);
    struct hash proof[PROOF_MAX], root;
    struct merkle m = {0};
    char name[32], text[HASH_TEXT_CAP];
    const char *line;
    size_t len = 0;

    (void)snprintf(name, sizeof(name), "proof-%u.txt", index);
    assert_int_equal(load(name, &b), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(merkle_add(&m, &sample_leaves[i]), 0);
    assert_int_equal(merkle_root(&m, &root), 0);
    assert_int_equal(strncmp(b.data, hash_text(&root, text), 64), 0);
    assert_int_equal(merkle_prove(sample_leaves, n, index, proof, &len), 0);
    line = b.data + 65;
    for (size_t i = 0; i < len; i++, line += 67)
        assert_int_equal(strncmp(line + 2, hash_text(&proof[i], text), 64), 0);
    assert_true(*line == '\0');
    buf_release(&b);
}

static void the_sample_agrees(void **state)
{
    static const unsigned proofs[] = {0, 6, 12};
    struct buf b = BUF_INIT(1 << 20), want = BUF_INIT(1 << 16);
    struct hash sample_leaves[64];
    struct chain c = {0};
    struct merkle m = {0};
    struct err err = {0};
    char text[200];
    size_t n = 0;

    (void)state;
    if (load("sample-ledger.jsonl", &b) < 0 || load("checkpoint.txt", &want) < 0) {
        print_message("# the sample is not here (HOPLUU_SHARED)\n");
        buf_release(&b);
        buf_release(&want);
        return; /* cmocka's TAP calls a skipped test a failed one */
    }
    for (const char *line = b.data; *line && n < 64; n++) {
        size_t len = strcspn(line, "\n");

        if (chain_follow(&c, line, len, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(merkle_leaf(line, len, &sample_leaves[n]), 0);
        assert_int_equal(merkle_add(&m, &sample_leaves[n]), 0);
        line += len + (line[len] == '\n');
    }
    assert_int_equal(n, 13);
    assert_int_equal(checkpoint_write(&m, "hopluu.example/vast-hn", text, sizeof(text)),
                     0);
    assert_string_equal(text, buf_text(&want));
    for (size_t i = 0; i < 3; i++)
        same_proof(proofs[i], sample_leaves, n);
    buf_release(&b);
    buf_release(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_included_once),
        cmocka_unit_test(a_tree_only_grows),
        cmocka_unit_test(lines_follow_each_other),
        cmocka_unit_test(the_sample_agrees),
    };

    return cmocka_run_group_tests(tests, make_trees, NULL);
}
