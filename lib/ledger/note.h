/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * note - a text and the signatures under it, as one file for people and programs
 *
 *     hopluu/hanoi
 *     13
 *     bqqNE2gyWO4S0jdC82Nhr7SF0PgyuYtSva/Pv+3y2NI=
 *
 *     — hopluu/hanoi xTzPBr…
 *     — hopluu/hue 8Vc0Ld…
 *
 * After the text one empty line, then a line per signature: the em dash, a blank, the
 * signer's name, a blank, and the base64 of four bytes that name the key and the 64
 * bytes of its Ed25519 signature over the text. The four bytes are the first of
 * SHA-256(NAME ‖ 0x0a ‖ 0x01 ‖ the key's 32 bytes).
 * Source: c2sp.org/signed-note.
 */
#ifndef HOPLUU_LEDGER_NOTE_H
#define HOPLUU_LEDGER_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ledger/chain.h"

#define NOTE_SIGNATURES_MAX 64
#define NOTE_CAP 16384
#define NOTE_KEY_BYTES 32
#define NOTE_SIGN_BYTES 64

struct note_signature {
    char name[ORIGIN_CAP];
    uint8_t key[4]; /* which key */
    uint8_t bytes[NOTE_SIGN_BYTES];
};

/* Which key: 0, -EMSGSIZE (the name), -ENOMEM. */
int note_key(const char *name, const uint8_t key[NOTE_KEY_BYTES], uint8_t ret_key[4]);

/* 0, -EMSGSIZE (does not fit cap), -EINVAL (text does not end with a line end, a name
 * with a blank, none or too many signatures). */
int note_write(
    const char *text, const struct note_signature *s, size_t n, char *note, size_t cap);

/*
 * The text into text[cap], the signatures into s[NOTE_SIGNATURES_MAX].
 *
 * 0, -EBADMSG (err: which line).
 */
int note_read(const char *note,
              char *text,
              size_t cap,
              struct note_signature *s,
              size_t *ret_n,
              struct err *err);

#endif
