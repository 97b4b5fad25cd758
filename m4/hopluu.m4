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

# HOPLUU_SLURM: what of Slurm can be built against.
#   HAVE_SLURM          slurm.h and libslurm      SLURM_CFLAGS, SLURM_LIBS, slurm_version
#   HAVE_SLURM_SOURCE   internal headers of the same version, for the plugins that need
#                       job_record_t               SLURM_SOURCE_CFLAGS
AC_DEFUN([HOPLUU_SLURM], [
    AC_ARG_WITH([slurm], [AS_HELP_STRING([--with-slurm@<:@=PREFIX@:>@],
        [the Slurm engine and plugins (default: if slurm.h and libslurm are there)])], [], [with_slurm=auto])
    AC_ARG_WITH([slurm-source], [AS_HELP_STRING([--with-slurm-source=DIR],
        [source tree of the same Slurm, as scripts/slurm-source leaves it (default: slurm-source in the build directory)])],
        [], [with_slurm_source=auto])
    have_slurm=no have_slurm_source=no slurm_version=
    AS_CASE([$with_slurm], [no|yes|auto], [], [
        SLURM_CFLAGS="-I$with_slurm/include"
        hopluu_slurm_ldflags="-L$with_slurm/lib -R$with_slurm/lib"])
    AS_IF([test "x$with_slurm" != xno], [
        hopluu_saved=$CPPFLAGS hopluu_saved_libs=$LIBS
        CPPFLAGS="$CPPFLAGS $SLURM_CFLAGS"
        AS_CASE([$with_slurm], [yes|auto], [], [LIBS="-L$with_slurm/lib $LIBS"])
        AC_CHECK_HEADER([slurm/slurm.h], [AC_CHECK_LIB([slurm], [slurm_job_will_run2], [have_slurm=yes])])
        AS_IF([test $have_slurm = yes], [
            AC_CACHE_CHECK([for Slurm's version], [hopluu_cv_slurm_version], [
                hopluu_cv_slurm_version=`printf '%s\n' '#include <slurm/slurm_version.h>' \
                    'version=SLURM_VERSION_NUMBER' | $CPP -P $CPPFLAGS - |
                    $SED -n 's/^version=0x0*//p'`
                hopluu_cv_slurm_version=`printf '%d.%02d.%d' \
                    $((0x$hopluu_cv_slurm_version >> 16)) \
                    $((0x$hopluu_cv_slurm_version >> 8 & 255)) \
                    $((0x$hopluu_cv_slurm_version & 255))`])
            slurm_version=$hopluu_cv_slurm_version])
        CPPFLAGS=$hopluu_saved LIBS=$hopluu_saved_libs
        AS_IF([test $have_slurm = yes], [
            SLURM_LIBS="$hopluu_slurm_ldflags -lslurm"
            AC_DEFINE([HAVE_SLURM], [1], [libslurm and its public headers are there])],
            [test "x$with_slurm" != xauto], [
            AC_MSG_ERROR([--with-slurm: slurm/slurm.h or libslurm is missing (Debian: libslurm-dev)])])])
    AS_IF([test $have_slurm = yes && test "x$with_slurm_source" != xno], [
        hopluu_slurm_source=$with_slurm_source
        AS_IF([test "x$with_slurm_source" = xauto], [hopluu_slurm_source=`pwd`/slurm-source])
        AS_IF([test -r "$hopluu_slurm_source/src/slurmctld/slurmctld.h"], [
            hopluu_source_version=`$SED -n 's/^@<:@ 	@:>@*Version:@<:@ 	@:>@*//p' "$hopluu_slurm_source/META" | $SED 1q`
            AS_IF([test "x$hopluu_source_version" = "x$slurm_version"], [
                have_slurm_source=yes
                SLURM_SOURCE_CFLAGS="-I$hopluu_slurm_source -I$hopluu_slurm_source/slurm"],
                [AC_MSG_ERROR([the source in $hopluu_slurm_source is of Slurm $hopluu_source_version, libslurm is $slurm_version])])],
            [test "x$with_slurm_source" != xauto], [
            AC_MSG_ERROR([--with-slurm-source: no src/slurmctld/slurmctld.h in $hopluu_slurm_source])])])
    AC_SUBST([SLURM_CFLAGS])
    AC_SUBST([SLURM_LIBS])
    AC_SUBST([SLURM_SOURCE_CFLAGS])
    AC_SUBST([slurm_version])
    AM_CONDITIONAL([HAVE_SLURM], [test $have_slurm = yes])
    AM_CONDITIONAL([HAVE_SLURM_SOURCE], [test $have_slurm_source = yes])
])
