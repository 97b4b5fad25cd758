/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* world_int - what the files of the world share */
#ifndef HOPLUU_TESTS_FED_WORLD_INT_H
#define HOPLUU_TESTS_FED_WORLD_INT_H

#include "tests/fed/world.h"

#define MESSAGES_MAX 65536
#define CORES 16

struct message {
    int from;
    int to;
    int64_t at_us;
    struct peer_msg msg;
};

struct task { /* a job as the engine knows it */
    uint64_t id;
    uint32_t epoch;
    uint32_t cores;
    enum { T_QUEUED, T_READY, T_RUNNING, T_ENDED } state;
    int64_t end_us;
    bool cancelled;
    struct wall started;
};

struct disk {
    struct holding holdings[WORLD_JOBS];
    size_t n_holdings;
    struct copy copies[WORLD_JOBS];
    size_t n_copies;
    struct posting *postings;
    size_t n_postings;
    size_t cap_postings;
    uint64_t sequence;
    struct {
        uint64_t id;
        uint32_t epoch;
        uint64_t core_s;
    } runs[WORLD_JOBS * 4];
    size_t n_runs;
};

struct site_box {
    struct site *site;
    struct book *book;
    struct fed *fed;
    struct disk disk;
    struct task tasks[WORLD_JOBS * 2];
    size_t n_tasks;
    uint32_t free;
    uint64_t incarnation;
    bool deaf; /* between a crash and its restart */
};

struct world {
    uint64_t random;
    struct world_chances chance;
    int64_t budget;
    struct now now;
    struct site_box c[WORLD_CENTERS];
    bool cut[WORLD_CENTERS][WORLD_CENTERS];
    struct message *messages;
    size_t n_messages;
    size_t n_delivered;
    struct {
        uint64_t id;
        uint32_t run_s;
        uint32_t cores;
        unsigned starts;
        unsigned live;
    } jobs[WORLD_JOBS];
    size_t n_jobs;
};

/* What a SAVE effect writes; world_disk.c */
void world_save(struct disk *d, const struct fed_fx *fx);
/* A center that shares everything with everybody; world_site.c */
struct site *world_site(int i, int64_t budget);

#endif
