/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fault - allocations that fail on demand (-Wl,--wrap) */
#include "config.h"

#include "tests/support/fault.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t each);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t each);

static unsigned left;
static bool fired;

void fault_arm(unsigned nth)
{
    left = nth;
    fired = false;
}

bool fault_fired(void)
{
    return fired;
}

static bool hit(void)
{
    if (left == 0 || --left > 0)
        return false;
    fired = true;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return hit() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t each)
{
    return hit() ? NULL : __real_calloc(n, each);
}

void *__wrap_realloc(void *p, size_t n)
{
    return hit() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t each)
{
    return hit() ? NULL : __real_reallocarray(p, n, each);
}
