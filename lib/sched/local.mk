# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libsched.la
lib_libsched_la_SOURCES = \
	lib/sched/backfill.c lib/sched/backfill.h \
	lib/sched/backlog.c lib/sched/backlog.h \
	lib/sched/demand.c lib/sched/demand.h \
	lib/sched/fair.c lib/sched/fair.h lib/sched/fair_int.h lib/sched/fair_text.c \
	lib/sched/forecast.c lib/sched/forecast.h \
	lib/sched/heap.c lib/sched/heap.h \
	lib/sched/idmap.c lib/sched/idmap.h \
	lib/sched/nodes.c lib/sched/nodes.h \
	lib/sched/order.c lib/sched/order.h \
	lib/sched/outlook.c lib/sched/outlook.h \
	lib/sched/pool.c lib/sched/pool.h \
	lib/sched/predict.c lib/sched/predict.h \
	lib/sched/profile.c lib/sched/profile.h \
	lib/sched/rank.h \
	lib/sched/running.c lib/sched/running.h \
	lib/sched/sched.c lib/sched/sched.h lib/sched/sched_int.h \
	lib/sched/sched_fits.c \
	lib/sched/sched_odds.c \
	lib/sched/sched_pass.c \
	lib/sched/sched_plan.c \
	lib/sched/sched_priority.c \
	lib/sched/sched_reserve.c \
	lib/sched/sched_shape.c \
	lib/sched/sched_share.c \
	lib/sched/sched_site.c \
	lib/sched/share.c lib/sched/share.h lib/sched/share_int.h \
	lib/sched/share_shadow.c
lib_libsched_la_LIBADD = -lm
