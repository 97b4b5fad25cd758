/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_slurm_words - every state, reason and exit of this Slurm has a word of ours */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/slurm_h.h"
#include "engine/slurm_words.h"

#include "tests/cmocka_all.h"

/* Exported by libslurm, declared nowhere. */
extern char *slurm_job_reason_string(enum job_state_reason inx);
extern char *slurm_job_state_string(uint32_t inx);

static void every_state_there_and_back(void **state)
{
    (void)state;
    for (uint32_t theirs = 0; theirs < JOB_END; theirs++) {
        enum job_state ours = _JOB_STATE_MAX;

        assert_true(slurm_state_ours(theirs, &ours));
        assert_int_equal(slurm_state_theirs(ours), theirs);
        if (theirs != JOB_OOM && theirs != JOB_COMPLETE)
            assert_string_equal(job_state_word(ours), slurm_job_state_string(theirs));
        assert_int_not_equal(slurm_phase(theirs, 1), SLURM_UNKNOWN);
        assert_int_equal(slurm_phase(theirs, 1) == SLURM_OVER, job_state_final(ours));
    }
    for (int ours = 0; ours < _JOB_STATE_MAX; ours++) {
        enum job_state back = _JOB_STATE_MAX;

        assert_true(slurm_state_ours(slurm_state_theirs((enum job_state)ours), &back));
        assert_int_equal(back, ours);
    }
}

static void what_a_later_slurm_adds_is_unknown(void **state)
{
    enum job_state ours = JOB_DEADLINE;

    (void)state;
    assert_int_equal(slurm_phase(JOB_END, 1), SLURM_UNKNOWN);
    assert_false(slurm_state_ours(JOB_END, &ours));
    assert_int_equal(ours, JOB_DEADLINE);
    assert_int_equal(slurm_reason_ours(100000), REASON_SITE_LIMIT);
}

static void flags_change_the_phase(void **state)
{
    static const struct {
        uint32_t state;
        uint32_t priority;
        enum slurm_phase phase;
    } rows[] = {
        {SLURM_JOB_PENDING,                         0, SLURM_HELD   },
        {SLURM_JOB_PENDING,                         5, SLURM_QUEUED },
        {SLURM_JOB_RUNNING | SLURM_JOB_CONFIGURING, 5, SLURM_LOADING},
        {SLURM_JOB_RUNNING | JOB_POWER_UP_NODE,     5, SLURM_LOADING},
        {SLURM_JOB_RUNNING,                         5, SLURM_RUNS   },
        {SLURM_JOB_SUSPENDED,                       5, SLURM_RUNS   },
        {JOB_COMPLETE | SLURM_JOB_COMPLETING,       5, SLURM_ENDING },
        {SLURM_JOB_PENDING | SLURM_JOB_COMPLETING,  5, SLURM_ENDING },
        {JOB_COMPLETE,                              5, SLURM_OVER   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(slurm_phase(rows[i].state, rows[i].priority), rows[i].phase);
}

/* The rest are limits of the site's accounting, and Slurm's names say so. */
static void every_reason(void **state)
{
    static const char *const limits[] = {"Assoc", "QOS",    "Max",     "Min",
                                         "Grp",   "Limit",  "Invalid", "Account",
                                         "Part",  "JobHeld"};

    (void)state;
    for (uint32_t n = 0; n <= WAIT_RESV_DELETED; n++) {
        const char *name = slurm_job_reason_string((enum job_state_reason)n);
        bool limit = slurm_reason_ours(n) != REASON_SITE_LIMIT;

        for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
            limit = limit || strstr(name, limits[i]);
        if (!limit)
            fail_msg("reason %u (%s) has no word of ours", n, name);
    }
    assert_int_equal(slurm_reason_ours(WAIT_PRIORITY), REASON_PRIORITY);
    assert_int_equal(slurm_reason_ours(WAIT_RESOURCES), REASON_RESOURCES);
    assert_int_equal(slurm_reason_ours(WAIT_HELD_USER), REASON_HELD);
    assert_int_equal(slurm_reason_ours(WAIT_QOS_MAX_JOB_PER_USER), REASON_SITE_LIMIT);
}

static void exits(void **state)
{
    static const struct {
        uint32_t state;
        uint32_t reason;
        uint32_t status;
        struct slurm_exit is;
    } rows[] = {
        {JOB_COMPLETE,        0,            0,        {JOB_COMPLETED, REASON_NONE, 0, 0}         },
        {SLURM_JOB_FAILED,
         FAIL_EXIT_CODE,                    7 << 8,
         {JOB_FAILED, REASON_NON_ZERO_EXIT, 7, 0}                                                },
        {SLURM_JOB_FAILED,
         FAIL_EXIT_CODE,                    SIGSEGV,
         {JOB_FAILED, REASON_NONE, 0, SIGSEGV}                                                   },
        {SLURM_JOB_FAILED,    FAIL_LAUNCH,  0,        {JOB_BOOT_FAIL, REASON_LAUNCH_FAILED, 0, 0}},
        {SLURM_JOB_CANCELLED, 0,            SIGTERM,  {JOB_CANCELLED, REASON_NONE, 0, SIGTERM}   },
        {SLURM_JOB_TIMEOUT,   FAIL_TIMEOUT, 0,        {JOB_TIMEOUT, REASON_TIME_LIMIT, 0, 0}     },
        {SLURM_JOB_NODE_FAIL, 0,            0,        {JOB_NODE_FAIL, REASON_NODE_DOWN, 0, 0}    },
        {JOB_OOM,             FAIL_OOM,     125 << 8, {JOB_OUT_OF_MEMORY, REASON_NONE, 125, 0}   },
        {SLURM_JOB_RUNNING,   0,            0,        {JOB_NODE_FAIL, REASON_NODE_DOWN, 0, 0}    },
        {JOB_COMPLETE,        0,            NO_VAL,   {JOB_COMPLETED, REASON_NONE, 0, 0}         },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct slurm_exit x =
            slurm_exit_ours(rows[i].state, rows[i].reason, rows[i].status);

        assert_memory_equal(&x, &rows[i].is, sizeof(x));
    }
}

static void nodes(void **state)
{
    static const struct {
        uint32_t state;
        const char *word;
        bool up;
    } rows[] = {
        {NODE_STATE_IDLE,                         "idle",      true },
        {NODE_STATE_MIXED,                        "mixed",     true },
        {NODE_STATE_ALLOCATED,                    "allocated", true },
        {NODE_STATE_IDLE | NODE_STATE_DRAIN,      "drained",   false},
        {NODE_STATE_IDLE | NODE_STATE_NO_RESPOND, "down",      false},
        {NODE_STATE_DOWN,                         "down",      false},
        {NODE_STATE_UNKNOWN,                      "down",      false},
        {NODE_STATE_FUTURE,                       "down",      false},
        {NODE_STATE_END,                          "down",      false},
    };
    bool up;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_string_equal(slurm_node_word(rows[i].state, &up), rows[i].word);
        assert_int_equal(up, rows[i].up);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_there_and_back),
        cmocka_unit_test(what_a_later_slurm_adds_is_unknown),
        cmocka_unit_test(flags_change_the_phase),
        cmocka_unit_test(every_reason),
        cmocka_unit_test(exits),
        cmocka_unit_test(nodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
