/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* run_record - what one attempt of a job used, as reports and ministries see it */
#include "config.h"

#include "model/run_record.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/words.h"
#include "model/enum_words.h"

#include "base/banned.h"

static const char *const end_words[] = {
    [RUN_BOOT_FAIL] = "BOOT_FAIL",
    [RUN_CANCELLED] = "CANCELLED",
    [RUN_COMPLETED] = "COMPLETED",
    [RUN_DEADLINE] = "DEADLINE",
    [RUN_FAILED] = "FAILED",
    [RUN_NODE_FAIL] = "NODE_FAIL",
    [RUN_OUT_OF_MEMORY] = "OUT_OF_MEMORY",
    [RUN_PREEMPTED] = "PREEMPTED",
    [RUN_REQUEUED] = "REQUEUED",
    [RUN_REVOKED] = "REVOKED",
    [RUN_TIMEOUT] = "TIMEOUT",
};
ENUM_WORDS(run_end, enum run_end, _RUN_END_MAX, end_words)

static int check_name(const char *member,
                      const char *text,
                      bool needed,
                      struct err *err)
{
    if (!*text && !needed)
        return 0;
    if (word_is_name(text, NAME_CAP - 1))
        return 0;
    return err_set(
        err, -EINVAL,
        "%s is \"%s\": letters, digits and . _ @ + - are possible, at most %d", member,
        text, NAME_CAP - 1);
}

static int check_names(const struct run_record *r, struct err *err)
{
    const struct {
        const char *member;
        const char *text;
        bool needed;
    } names[] = {
        {"center",      r->center,      true },
        {"cluster",     r->cluster,     false},
        {"entry",       r->entry,       true },
        {"gpu_type",    r->gpu_type,    false},
        {"institution", r->institution, true },
        {"partition",   r->partition,   false},
        {"person",      r->person,      true },
        {"project",     r->project,     true },
        {"qos",         r->qos,         false},
    };
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < sizeof(names) / sizeof(names[0]); i++)
        ret = check_name(names[i].member, names[i].text, names[i].needed, err);
    return ret;
}

static int check_times(const struct run_record *r, struct err *err)
{
    if (r->submit <= 0)
        return err_set(err, -EINVAL, "submit is missing");
    if (r->end < r->submit)
        return err_set(err, -EINVAL, "end %" PRId64 " lies before submit %" PRId64,
                       r->end, r->submit);
    if (r->start && (r->start < r->submit || r->start > r->end))
        return err_set(err, -EINVAL,
                       "start %" PRId64 " lies outside submit %" PRId64
                       " to end %" PRId64,
                       r->start, r->submit, r->end);
    if (r->eligible && r->eligible < r->submit)
        return err_set(err, -EINVAL, "eligible %" PRId64 " lies before submit %" PRId64,
                       r->eligible, r->submit);
    return 0;
}

int run_record_check(const struct run_record *r, struct err *err)
{
    int ret = check_names(r, err);

    if (ret == 0)
        ret = check_times(r, err);
    if (ret < 0)
        return ret;
    if (r->job == 0)
        return err_set(err, -EINVAL, "job is missing");
    if (r->milli < 0)
        return err_set(err, -EINVAL, "milli is %" PRId64 ": a run's price is 0 or more",
                       r->milli);
    if (r->start == 0
        && (r->elapsed_s || r->core_s || r->gpu_s || r->mem_mib_s || r->cpu_us))
        return err_set(err, -EINVAL, "it used something and has no start");
    return 0;
}

int run_record_compare(const struct run_record *a, const struct run_record *b)
{
    int c = strcmp(a->center, b->center);

    if (c == 0)
        c = strcmp(a->cluster, b->cluster);
    if (c == 0)
        c = (a->job > b->job) - (a->job < b->job);
    if (c == 0)
        c = (a->submit > b->submit) - (a->submit < b->submit);
    if (c == 0)
        c = (a->attempt > b->attempt) - (a->attempt < b->attempt);
    return c;
}

void run_record_redact(struct run_record *r)
{
    r->uid = 0;
    r->name[0] = '\0';
    r->node_list[0] = '\0';
}

bool run_record_redacted(const struct run_record *r)
{
    return r->uid == 0 && !r->name[0] && !r->node_list[0];
}

int64_t run_record_wait_s(const struct run_record *r)
{
    int64_t from = r->eligible ? r->eligible : r->submit;

    return r->start > from ? r->start - from : 0;
}

bool run_record_failed(const struct run_record *r)
{
    switch (r->state) {
    case RUN_CANCELLED:
    case RUN_COMPLETED:
    case RUN_REQUEUED:
    case RUN_REVOKED:
        return false;
    case RUN_BOOT_FAIL:
    case RUN_DEADLINE:
    case RUN_FAILED:
    case RUN_NODE_FAIL:
    case RUN_OUT_OF_MEMORY:
    case RUN_PREEMPTED:
    case RUN_TIMEOUT:
    case _RUN_END_MAX:
        break;
    }
    return true;
}
