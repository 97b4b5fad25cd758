# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# hopluu.m4 - compiler flags, each tried before it is used

# HOPLUU_CFLAG(flag): add it to hopluu_cflags if the compiler takes it
AC_DEFUN([HOPLUU_CFLAG], [
    AS_VAR_PUSHDEF([known], [hopluu_cv_cflag_$1])
    AC_CACHE_CHECK([whether $CC takes $1], [known], [
        hopluu_saved=$CFLAGS
        CFLAGS="$CFLAGS -Werror $1"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([known], [yes])], [AS_VAR_SET([known], [no])])
        CFLAGS=$hopluu_saved
    ])
    AS_VAR_IF([known], [yes], [hopluu_cflags="$hopluu_cflags $1"])
    AS_VAR_POPDEF([known])
    AC_SUBST([hopluu_cflags])
])

AC_DEFUN([HOPLUU_WARNINGS], [
    m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes
        -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wcast-qual -Wundef -Wvla -Wswitch-enum
        -Wimplicit-fallthrough -Wconversion -Wsign-conversion -Wnull-dereference -fno-common
        -Wlogical-op -Wduplicated-cond -Wduplicated-branches], [HOPLUU_CFLAG(flag)])
    AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [warnings are errors (for developers)])])
    AS_VAR_IF([enable_werror], [yes], [hopluu_cflags="$hopluu_cflags -Werror"])
])

# FORTIFY_SOURCE needs optimisation; a sanitizer build sets its own rules.
AC_DEFUN([HOPLUU_HARDENING], [
    AS_VAR_IF([enable_sanitizers], [yes], [], [
        m4_foreach_w([flag], [-fstack-protector-strong -fstack-clash-protection -fcf-protection], [HOPLUU_CFLAG(flag)])
        AS_CASE([$CFLAGS], [*-O0*], [], [hopluu_cppflags="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"])
        hopluu_ldflags="-Wl,-z,relro -Wl,-z,now"
        hopluu_pie_cflags=-fPIE
        hopluu_pie_ldflags=-pie
    ])
    AC_SUBST([hopluu_cppflags])
    AC_SUBST([hopluu_ldflags])
    AC_SUBST([hopluu_pie_cflags])
    AC_SUBST([hopluu_pie_ldflags])
])

AC_DEFUN([HOPLUU_SANITIZERS], [
    AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers], [build with address and undefined-behaviour sanitizers])])
    AS_VAR_IF([enable_sanitizers], [yes], [
        hopluu_cflags="$hopluu_cflags -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
        hopluu_ldflags="$hopluu_ldflags -fsanitize=address,undefined"
    ])
    AM_CONDITIONAL([SANITIZERS], [test "x$enable_sanitizers" = xyes])
])
