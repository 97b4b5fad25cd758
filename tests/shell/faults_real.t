#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# faults_real.t - a few cells of the matrix of real faults; scripts/faults-real plays all of them
exec sh "${srcdir:-.}/scripts/faults-real" --build "${HOPLUU_BUILD:-$(pwd)}" \
    silent:grant-written reset:go-in-flight kill-entry:go-in-flight kill-noded:after-start
