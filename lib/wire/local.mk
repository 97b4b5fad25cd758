# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# How nouns are written: no socket, and of libraries jansson alone, so that it may be
# linked into plugins.
noinst_LTLIBRARIES += lib/libnoun.la
lib_libnoun_la_SOURCES = \
	lib/wire/digest.c lib/wire/digest.h \
	lib/wire/member.c lib/wire/member_int.h \
	lib/wire/noun_int.h \
	lib/wire/noun_json.c lib/wire/noun_json.h \
	lib/wire/noun_json_job.c lib/wire/noun_json_peer.c lib/wire/noun_json_spec.c \
	lib/wire/refusal.c lib/wire/refusal.h

noinst_LTLIBRARIES += lib/libwire.la
lib_libwire_la_SOURCES = \
	lib/wire/address.c lib/wire/address.h \
	lib/wire/client.c lib/wire/client.h \
	lib/wire/conn.c lib/wire/conn.h lib/wire/conn_int.h \
	lib/wire/cred.c lib/wire/cred.h \
	lib/wire/dial.c lib/wire/dial.h lib/wire/dial_int.h \
	lib/wire/dial_munge.c lib/wire/dial_tls.c \
	lib/wire/door.c lib/wire/door.h lib/wire/door_int.h \
	lib/wire/door_munge.c lib/wire/door_tls.c \
	lib/wire/door_unix.c \
	lib/wire/frame.c lib/wire/frame.h \
	lib/wire/sign.c lib/wire/sign.h \
	lib/wire/tls.c lib/wire/tls.h
lib_libwire_la_LIBADD = lib/libnoun.la $(EVENT_LIBS) $(SSL_LIBS) $(JANSSON_LIBS) $(MUNGE_LIBS)
