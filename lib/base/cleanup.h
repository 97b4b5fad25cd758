/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * cleanup - owning locals that release themselves, and how to hand one over
 *
 *     _cleanup_(job_freep) struct job *j = job_new();
 *     ...
 *     *ret_job = TAKE_PTR(j);
 */
#ifndef HOPLUU_BASE_CLEANUP_H
#define HOPLUU_BASE_CLEANUP_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((__cleanup__(fn)))

/* The value of a pointer variable, which is NULL afterwards. */
#define TAKE_PTR(p)                                                                    \
    ({                                                                                 \
        __typeof__(p) *pp_ = &(p);                                                     \
        __typeof__(p) taken_ = *pp_;                                                   \
        *pp_ = NULL;                                                                   \
        taken_;                                                                        \
    })

/* The value of a descriptor variable, which is -1 afterwards. */
#define TAKE_FD(fd)                                                                    \
    ({                                                                                 \
        int *fdp_ = &(fd);                                                             \
        int taken_ = *fdp_;                                                            \
        *fdp_ = -1;                                                                    \
        taken_;                                                                        \
    })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* For _cleanup_(x_freep): calls x_free on the variable's value. */
#define DEFINE_FREEP(name, type)                                                       \
    static inline void name##_freep(type **p)                                          \
    {                                                                                  \
        name##_free(*p);                                                               \
    }

static inline void freep(void *p)
{
    free(*(void **)p);
}

/* close() on a descriptor that was only read: its result says nothing. */
static inline void closep(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#endif
