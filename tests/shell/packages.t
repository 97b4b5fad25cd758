#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# packages.t - install-packages says what is needed where it cannot install
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation packages
cp "$top/scripts/install-packages" "$FED/"

mkdir "$FED/bin"
for tool in sh awk sed tr fold grep dirname id cat; do
    ln -s "$(command -v $tool)" "$FED/bin/$tool"
done
echo 'build  no-such-package' >"$FED/packages"
t_refused "not Debian: it names the packages" 'no-such-package' \
    env PATH="$FED/bin" sh "$FED/install-packages" build
t_refused "and says how to go on" 'no-install-packages' \
    env PATH="$FED/bin" sh "$FED/install-packages" build

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    t_is "a missing one is listed" "$(sh "$FED/install-packages" --list build)" no-such-package
    t_is "one of another kind is not" "$(sh "$FED/install-packages" --list run)" ''
    ln -s "$(command -v dpkg-query)" "$(command -v apt-get)" "$FED/bin/"
    t_refused "no root, no sudo: it says what to ask for" 'administrator for: .*install no-such-package' \
        env PATH="$FED/bin" sh "$FED/install-packages" build
    echo 'build  dpkg' >"$FED/packages"
    t_ok "nothing missing: nothing to do" env PATH="$FED/bin" sh "$FED/install-packages" build
fi
t_done
