/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * view_sheet - the centers that were considered for a job, as a table
 */
#ifndef HOPLUU_COMMAND_VIEW_SHEET_H
#define HOPLUU_COMMAND_VIEW_SHEET_H

#include <jansson.h>

#include "command/sheet.h"

/* views: array of route_view + "name". Speaks if it fails; returns an exit code. */
int view_sheet_print(const json_t *views, enum sheet_style style, bool no_header);

#endif
