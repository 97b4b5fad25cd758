/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * banned - functions that have a better one here
 *
 * Include last. Text to number is measure_*; copies name the capacity of the
 * destination (word_copy); bytes are built in a buf.
 */
#ifndef HOPLUU_BASE_BANNED_H
#define HOPLUU_BASE_BANNED_H

/* glibc makes macros of these for compilers without __builtin_va_arg_pack (clang). */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison atoi atol atoll atof sscanf strtok gmtime localtime asctime ctime
#pragma GCC poison tmpnam mktemp

#endif
