/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * settings_int - reading values of a libconfuse section with words for people
 *
 * Each says what is wrong as "FILE:LINE: section: option: …" and returns -EINVAL.
 */
#ifndef HOPLUU_DAEMON_SETTINGS_INT_H
#define HOPLUU_DAEMON_SETTINGS_INT_H

#include <confuse.h>

#include "daemon/settings.h"

/* Parse a file against a table; errors of form land in err with file and line. */
int conf_parse(const char *path, cfg_opt_t *opts, cfg_t **ret_cfg, struct err *err);

int conf_fail(cfg_t *sec, const char *option, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "FILE:LINE: section: option: " in front of what err says already. */
int conf_wrap(cfg_t *sec, const char *option, struct err *err, int code);

int conf_name(cfg_t *sec,
              const char *option,
              const char *value,
              char dst[NAME_CAP],
              struct err *err);
int conf_text(cfg_t *sec, const char *option, char dst[TITLE_CAP], struct err *err);
int conf_duration(cfg_t *sec, const char *option, uint32_t *ret_s, struct err *err);
int conf_u32(cfg_t *sec,
             const char *option,
             uint32_t min,
             uint32_t max,
             uint32_t *ret_n,
             struct err *err);
int conf_milli(cfg_t *sec, const char *option, int64_t *ret_milli, struct err *err);

/* The site's sections: partitions, institutions, projects, persons, mappings, peers. */
int settings_site(cfg_t *cfg, const char *dir, struct site *site, struct err *err);

/* The switches: read and checked, kept as text. */
int settings_topology(cfg_t *cfg, const char *dir, struct site *site, struct err *err);

/* The section of the plugins in the center's own Slurm. */
int settings_plugins(cfg_t *cfg, struct plugin_settings *p, struct err *err);

/* The order of the queue. */
int settings_priority(cfg_t *cfg, struct priority_rule *p, struct err *err);

/* name relative to dir, allocated; NULL = no memory. */
char *conf_path(const char *dir, const char *name);

#endif
