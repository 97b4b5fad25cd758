/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * proxy - the job that stays in Slurm for one that was handed to the federation
 *
 * It is held, asks for next to nothing, and does nothing: squeue, scancel and scontrol
 * show job go on working on it. hopluud keeps its AdminComment (model/proxy_note.h) up
 * to date and releases it when the job has ended (daemon/proxies.h); its script then
 * ends as the job did.
 */
#ifndef HOPLUU_PLUGIN_PROXY_H
#define HOPLUU_PLUGIN_PROXY_H

#include "plugin/slurm_ex.h"

/*
 * d becomes the proxy of federated job `job`. partition: where proxies end, "" = the
 * default one. Its owner, name, account and comment stay.
 */
void proxy_make(job_desc_msg_t *d, uint64_t job, const char *partition);

#endif
