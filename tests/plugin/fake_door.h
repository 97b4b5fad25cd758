/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fake_door - a hopluud that misbehaves as it is told, in a thread of the test
 */
#ifndef HOPLUU_TESTS_PLUGIN_FAKE_DOOR_H
#define HOPLUU_TESTS_PLUGIN_FAKE_DOOR_H

#include <stdbool.h>
#include <stdint.h>

enum fake_way {
    FAKE_ANSWERS,   /* welcome, then `answer` with the question's id */
    FAKE_DRIPS,     /* the same, byte by byte */
    FAKE_SILENT,    /* takes the connection and says nothing */
    FAKE_UNHEARD,   /* never takes a connection, its queue is full */
    FAKE_GARBAGE,   /* bytes that are no frame */
    FAKE_NO_JSON,   /* a frame that is no JSON */
    FAKE_NO_OBJECT, /* a frame that is no object */
    FAKE_DEEP,      /* a frame of brackets */
    FAKE_SHORT,     /* half a frame, then the end */
    FAKE_STALLS,    /* half a frame, then nothing */
    FAKE_HUGE,      /* a length of 4 GiB */
    FAKE_HANGS_UP,  /* closes at once */
    FAKE_FLOODS,    /* frame after frame that nobody asked for */
    FAKE_OTHER_ID,  /* an answer to another question */
    FAKE_REFUSES,   /* {"t":"refused"} */
    _FAKE_WAY_MAX
};

extern const char *const fake_way_names[_FAKE_WAY_MAX];

struct fake_door;

/* Listens at `path`. answer: a JSON object without id, borrowed. */
struct fake_door *fake_door_open(const char *path,
                                 enum fake_way way,
                                 const char *answer);
/* From now on every frame is changed somewhere; seed 0: none is. */
void fake_door_mutate(struct fake_door *f, uint32_t seed);
/* The last question, as text; borrowed until the next one. NULL = none came. */
const char *fake_door_question(struct fake_door *f);
unsigned fake_door_questions(struct fake_door *f);
void fake_door_close(struct fake_door *f);

#endif
