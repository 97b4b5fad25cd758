/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * text_int - texts of nouns that are not UTF-8 are made so
 *
 * JSON cannot carry other bytes, and a note that was cut inside a letter must not
 * keep a whole batch from the disk: wrong bytes become '?'.
 */
#ifndef HOPLUU_STORE_TEXT_INT_H
#define HOPLUU_STORE_TEXT_INT_H

#include "model/copy.h"
#include "model/holding.h"

void text_clean(char *text);
void text_clean_holding(struct holding *h);
void text_clean_copy(struct copy *c);

#endif
