# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libmodel.la
lib_libmodel_la_SOURCES = \
	lib/model/copy.c lib/model/copy.h \
	lib/model/enum_words.h \
	lib/model/holding.c lib/model/holding.h \
	lib/model/hostlist.c lib/model/hostlist.h \
	lib/model/job_id.c lib/model/job_id.h \
	lib/model/job_spec.c lib/model/job_spec.h \
	lib/model/job_state.c lib/model/job_state.h \
	lib/model/rank_map.c lib/model/rank_map.h \
	lib/model/name.h \
	lib/model/offer.c lib/model/offer.h \
	lib/model/peer_msg.c lib/model/peer_msg.h \
	lib/model/posting.c lib/model/posting.h \
	lib/model/proxy_note.c lib/model/proxy_note.h \
	lib/model/request.c lib/model/request.h \
	lib/model/run_record.c lib/model/run_record.h \
	lib/model/site.c lib/model/site.h \
	lib/model/supply.c lib/model/supply.h \
	lib/model/usage.h
