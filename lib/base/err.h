/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * err - text for people beside the -Exxx that code acts on
 *
 * The caller owns the struct and passes NULL when it does not want the text.
 * Say what was wrong, with the value, and what would be right.
 */
#ifndef HOPLUU_BASE_ERR_H
#define HOPLUU_BASE_ERR_H

#define ERR_TEXT_MAX 240

struct err {
    int code; /* the -Exxx that was returned, 0 when nothing was set */
    char text[ERR_TEXT_MAX];
};

/*
 * Fill err (if any) and give the code back: return err_set(err, -EINVAL, "...").
 *
 * A text that does not fit is cut at the last byte that does; control bytes
 * in the result are replaced by '?', so that a text may quote a stranger.
 */
int err_set(struct err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "what: " in front of the text that is there ("hopluu.conf:12: ..."). */
int err_prefix(struct err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The text if there is one, otherwise strerror() of the code. Never NULL. */
const char *err_text(const struct err *err, int code);

#endif
