/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * paper - a report as a document of an agency: PDF in the layout of Decree
 * 30/2020/ND-CP, Annex I, with its tables
 *
 * People give the number, the place and date, and the signature: their places are left
 * blank, nothing is invented. The same report gives the same bytes. Built if pango and
 * cairo are there; else paper_write() answers -ENOTSUP.
 */
#ifndef HOPLUU_REPORT_PAPER_H
#define HOPLUU_REPORT_PAPER_H

#include "report/grid.h"

struct paper {
    enum lang lang;
    const char *parent;      /* the body above the one that issues it; "" = none */
    const char *body;        /* the one that issues it */
    const char *subject;     /* under the word REPORT */
    const char *const *text; /* [n_text] paragraphs */
    size_t n_text;
    struct grid *const *grids; /* [n_grids] */
    size_t n_grids;
    const char *const *to; /* [n_to] recipients */
    size_t n_to;
    const char *made; /* "2026-12-31T00:00:00+07:00": the date inside the file */
};

/* 0, -ENOTSUP, -ENOENT (no font that has all letters: install fonts-liberation2), -EIO,
   -ENOMEM. */
int paper_write(const char *path, const struct paper *p, struct err *err);

#endif
