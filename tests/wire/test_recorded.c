/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_recorded - what centers said in each released version of the protocol is still
 * understood: as it is, and with members that nobody knows yet
 *
 * A line of a recording is "FROM TO FRAME", written by hopluud (HOPLUU_RECORD).
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cmocka_all.h"
#include "wire/noun_json.h"

#define LINE_CAP (1u << 20)

static const char *const frames[] = {
    "hello", "bye", "supply", "job",    "checkpoint", "checkpoint_seen", "get",
    "data",  "put", "ask",    "answer", "put_ack",    "witness"};

static bool known(const char *t)
{
    for (size_t i = 0; t && i < sizeof(frames) / sizeof(frames[0]); i++)
        if (!strcmp(frames[i], t))
            return true;
    return false;
}

/* Members of a later version, here and in everything below. */
static void add_unknown(json_t *o)
{
    const char *key;
    json_t *v;
    void *next;
    size_t i;

    if (json_is_array(o)) {
        json_array_foreach(o, i, v) add_unknown(v);
        return;
    }
    if (!json_is_object(o))
        return;
    json_object_foreach_safe(o, next, key, v) add_unknown(v);
    (void)json_object_set_new(o, "later", json_pack("[s,i,{s:b}]", "x", -1, "deep", 1));
}

static void read_job(const json_t *frame)
{
    static struct peer_msg was, is;
    static json_t *again;
    json_t *more = json_deep_copy(frame);
    char *spec = NULL;
    char *more_spec = NULL;
    struct err err = {0};

    memset(&was, 0, sizeof(was));
    memset(&is, 0, sizeof(is));
    if (peer_msg_from_json(frame, &was, &spec, &err) < 0)
        fail_msg("%s", err.text);
    assert_non_null(more);
    add_unknown(more);
    if (peer_msg_from_json(more, &is, &more_spec, &err) < 0)
        fail_msg("with unknown members: %s", err.text);
    was.spec = is.spec = NULL; /* bytes of two objects */
    was.spec_len = is.spec_len = 0;
    assert_memory_equal(&was, &is, sizeof(was));
    again = peer_msg_to_json(&was);
    assert_non_null(again);
    free(spec);
    free(more_spec);
    json_decref(again);
    json_decref(more);
}

static void read_supply(const json_t *frame)
{
    static struct supply was, is;
    json_t *more = json_deep_copy(json_object_get(frame, "supply"));
    struct err err = {0};

    memset(&was, 0, sizeof(was));
    memset(&is, 0, sizeof(is));
    if (supply_from_json(json_object_get(frame, "supply"), &was, &err) < 0)
        fail_msg("%s", err.text);
    add_unknown(more);
    if (supply_from_json(more, &is, &err) < 0)
        fail_msg("with unknown members: %s", err.text);
    assert_memory_equal(&was, &is, sizeof(was));
    json_decref(more);
}

static unsigned read_line(char *line)
{
    char *text = strchr(line, '{');
    json_t *frame = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *t = json_string_value(json_object_get(frame, "t"));
    unsigned kind = 0;

    assert_non_null(frame);
    if (!known(t))
        fail_msg("'%s' is no frame of ours", t ? t : "");
    if (!strcmp(t, "job")) {
        enum peer_kind k;

        assert_true(
            peer_kind_parse(json_string_value(json_object_get(frame, "k")), &k));
        kind = 1u << k;
        read_job(frame);
    } else if (!strcmp(t, "supply")) {
        read_supply(frame);
    } else if (!strcmp(t, "hello")) {
        assert_true(json_integer_value(json_object_get(frame, "protocol")) >= 1);
    }
    json_decref(frame);
    return kind;
}

static void version_1_is_understood(void **state)
{
    static char line[LINE_CAP];
    const char *top = getenv("top_srcdir");
    unsigned kinds = 0;
    char path[4096];
    FILE *f;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/tests/wire/recorded/protocol-1.txt",
                   top ? top : ".."); /* too long is not there */
    f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f))
        kinds |= read_line(line);
    (void)fclose(f); /* it was read */
    for (int k = PEER_OFFER; k <= PEER_DROPPED; k++)
        if (!(kinds & (1u << k)))
            print_message("# not in the recording: %s\n",
                          peer_kind_word((enum peer_kind)k));
    assert_true(kinds & (1u << PEER_GO));
    assert_true(kinds & (1u << PEER_ENDED_ACK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_is_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
