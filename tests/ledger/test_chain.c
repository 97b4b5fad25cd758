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
#include "ledger/note.h"
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
                        .at = {INT64_C(1700000000) * US_PER_S + 17},
                        .job = 5,
                        .epoch = 2,
                        .from = "avail:p@hanoi",
                        .to = "hold:5.2"};
    struct err err = {0};
    char text[64];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        p.milli = (int64_t)i;
        assert_int_equal(chain_write(&w, &p, 1, lines[i], sizeof(lines[i]), &len[i]),
                         0);
    }
    assert_string_equal(
        lines[0],
        "{\"job\":\"5.2\",\"post\":[[\"avail:p@hanoi\",0],[\"hold:5.2\",0]],"
        "\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"seq\":1,\"t\":\"2023-11-14T22:13:20Z\",\"txn\":\"H5.2\",\"unit\":\"mNSU\"}");
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
    assert_int_equal(chain_write(&w, &p, 1, text, sizeof(text), len), -EMSGSIZE);
    assert_int_equal(w.seq, 6);
    assert_int_equal(chain_write(&w, &p, 0, lines[0], sizeof(lines[0]), len), -EINVAL);
    p.milli = -1;
    assert_int_equal(chain_write(&w, &p, 1, lines[0], sizeof(lines[0]), len), -EINVAL);
    assert_int_equal(w.seq, 6);
}

/* A settlement with its raw figures, as the host writes it. */
static size_t a_settlement(struct posting *p, char *line, size_t cap)
{
    struct chain c = {.seq = 41};
    size_t len = 0;

    p[0] = (struct posting){
        .kind = POST_CAPTURE,
        .at = {INT64_C(1700000000) * US_PER_S},
        .job = 3000000077,
        .epoch = 1,
        .from = "hold:3000000077.1",
        .to = "spent:ioit.climate",
        .milli = 8000,
        .has_raw = true,
        .raw = { 57600, 1024, 7}
    };
    p[1] = (struct posting){.part = 1,
                            .kind = POST_RELEASE,
                            .job = 3000000077,
                            .epoch = 1,
                            .from = "hold:3000000077.1",
                            .to = "avail:ioit.climate@hanoi",
                            .milli = 8000};
    p[2] = (struct posting){.part = 2,
                            .kind = POST_EARN,
                            .job = 3000000077,
                            .epoch = 1,
                            .from = "budget:ioit.climate",
                            .to = "earned:\"ha\\noi\x01",
                            .milli = INT64_MAX};
    assert_int_equal(chain_write(&c, p, 3, line, cap, &len), 0);
    return len;
}

static void a_line_is_read_as_it_was_written(void **state)
{
    struct posting p[TXN_POSTINGS_MAX] = {0}, q[TXN_POSTINGS_MAX] = {0};
    struct err err = {0};
    char line[2048];
    size_t len = a_settlement(p, line, sizeof(line)), n = 0;

    (void)state;
    if (line_read(line, len, q, &n, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(q[i].seq, 41);
        assert_int_equal(q[i].part, i);
        assert_int_equal(q[i].kind, p[i].kind);
        assert_int_equal(q[i].at.us, p[0].at.us);
        assert_int_equal(q[i].job, p[i].job);
        assert_int_equal(q[i].epoch, p[i].epoch);
        assert_int_equal(q[i].milli, p[i].milli);
        assert_string_equal(q[i].txn, "S3000000077.1");
        assert_string_equal(q[i].from, p[i].from);
        assert_string_equal(q[i].to, p[i].to);
    }
    assert_true(q[0].has_raw && !q[1].has_raw);
    assert_memory_equal(&q[0].raw, &p[0].raw, sizeof(p[0].raw));
}

/* Whatever passes with a byte changed or missing says exactly that, in the one form. */
static void one_form_only(void **state)
{
    struct posting p[TXN_POSTINGS_MAX] = {0}, q[TXN_POSTINGS_MAX];
    char line[2048], again[2048];
    size_t len = a_settlement(p, line, sizeof(line)), n = 0, m = 0;
    unsigned refused = 0;

    (void)state;
    for (size_t at = 0; at < len; at++) {
        char was = line[at];

        assert_int_equal(line_read(line, at, q, &n, NULL), -EBADMSG);
        for (int flip = 1; flip < 128; flip += 3) {
            struct chain c = {.seq = 41};

            line[at] = (char)(was ^ flip);
            if (line_read(line, len, q, &n, NULL) < 0) {
                refused++;
                continue;
            }
            c.seq = q[0].seq;
            assert_int_equal(chain_write(&c, q, n, again, sizeof(again), &m), 0);
            if (strstr(line,
                       "\"prev\":\"00000000000000000000000000000000000000000000000000"
                       "00000000000000\""))
                assert_string_equal(again, line);
        }
        line[at] = was;
    }
    assert_true(refused > 1000);
    assert_int_equal(line_read("{}", 2, q, &n, NULL), -EBADMSG);
}

static void checkpoints_are_read_back(void **state)
{
    static const char *const wrong[] = {
        "",
        "a\n1\n",
        "a\nx\nAAAA\n",
        "a\n-1\nq\n",
        "a\n1\n!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!=\n",
        "a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
        "a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    };
    struct merkle m = {0};
    struct checkpoint p = {0};
    struct err err = {0};
    struct hash root;
    char text[CHECKPOINT_TEXT_CAP];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(merkle_add(&m, &leaves[i]), 0);
        assert_int_equal(merkle_root(&m, &root), 0);
        assert_int_equal(checkpoint_write(&m, "hopluu/hanoi", text, sizeof(text)), 0);
        assert_int_equal(checkpoint_read(text, &p, &err), 0);
        assert_string_equal(p.origin, "hopluu/hanoi");
        assert_int_equal(p.size, i + 1);
        assert_memory_equal(&p.root, &root, sizeof(root));
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(checkpoint_read(wrong[i], &p, &err), -EBADMSG);
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
    struct posting steps[TXN_POSTINGS_MAX];
    size_t n_steps = 0;
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
        if (line_read(line, len, steps, &n_steps, &err) < 0)
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

static void notes_are_read_as_written(void **state)
{
    struct note_signature s[NOTE_SIGNATURES_MAX] = {
        {.name = "hopluu/hanoi", .key = {1, 2, 3, 4}, .bytes = {5}  },
        {.name = "hopluu/hue",   .key = {6, 7, 8, 9}, .bytes = {255}},
    };
    struct note_signature got[NOTE_SIGNATURES_MAX];
    char note[NOTE_CAP], text[CHECKPOINT_TEXT_CAP];
    struct err err = {0};
    size_t n = 0;

    (void)state;
    assert_int_equal(note_write("a\n13\nb\n", s, 2, note, sizeof(note)), 0);
    assert_non_null(strstr(note, "\nb\n\n\xe2\x80\x94 hopluu/hanoi AQIDBA"));
    assert_int_equal(note_read(note, text, sizeof(text), got, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_string_equal(text, "a\n13\nb\n");
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(got[i].name, s[i].name);
        assert_memory_equal(got[i].key, s[i].key, 4);
        assert_memory_equal(got[i].bytes, s[i].bytes, NOTE_SIGN_BYTES);
    }
    for (size_t cut = 0; cut + 1 < strlen(note); cut++) { /* every shorter one */
        char part[NOTE_CAP] = "";

        memcpy(part, note, cut);
        if (note_read(part, text, sizeof(text), got, &n, &err) == 0)
            assert_int_equal(n, 1); /* cut between the two signatures */
    }
    note[strlen(note) - 3] ^= 1; /* bits that nobody writes, or another signature */
    (void)note_read(note, text, sizeof(text), got, &n, &err);
    assert_int_equal(note_write("no end", s, 1, note, sizeof(note)), -EINVAL);
    assert_int_equal(note_write("a\n", s, 0, note, sizeof(note)), -EINVAL);
    assert_int_equal(note_write("a\n", s, 2, note, 100), -EMSGSIZE);
    memcpy(s[0].name, "a b", 4);
    assert_int_equal(note_write("a\n", s, 1, note, sizeof(note)), -EINVAL);
}

/* The example of c2sp.org/signed-note: PeterNeumann+c74f20a3+ARpc2QcU… */
static void keys_are_named_as_others_do(void **state)
{
    static const uint8_t key[NOTE_KEY_BYTES] = {
        0x1a, 0x5c, 0xd9, 0x07, 0x14, 0x3c, 0x38, 0x4c, 0x41, 0xe8, 0x30,
        0xc5, 0xbc, 0xe1, 0x2a, 0xa8, 0x81, 0x7e, 0xc5, 0x64, 0x9a, 0xaa,
        0xbf, 0x2c, 0x31, 0x38, 0x8b, 0x35, 0xb2, 0xd7, 0x44, 0xd6,
    };
    static const uint8_t name[4] = {0xc7, 0x4f, 0x20, 0xa3};
    uint8_t got[4] = {0};

    (void)state;
    assert_int_equal(note_key("PeterNeumann", key, got), 0);
    assert_memory_equal(got, name, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_included_once),
        cmocka_unit_test(a_tree_only_grows),
        cmocka_unit_test(lines_follow_each_other),
        cmocka_unit_test(a_line_is_read_as_it_was_written),
        cmocka_unit_test(one_form_only),
        cmocka_unit_test(checkpoints_are_read_back),
        cmocka_unit_test(the_sample_agrees),
        cmocka_unit_test(notes_are_read_as_written),
        cmocka_unit_test(keys_are_named_as_others_do),
    };

    return cmocka_run_group_tests(tests, make_trees, NULL);
}
