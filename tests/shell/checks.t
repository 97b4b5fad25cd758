#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# checks.t - the static checks find what was planted for them
. "${srcdir:-.}/tests/shell/lib.sh"
command -v git >/dev/null || t_skip_all "git is not installed"
t_federation checks
d=$FED/tree
mkdir -p "$d/lib/base" "$d/lib/engine" "$d/docs/man" "$d/build"
cp -R "$top/scripts" "$d/"
cp "$top/.clang-format" "$d/"
chmod -R u+w "$d" # distcheck's sources may not be written
git -C "$d" init -q

plant()
{
    cat >"$d/$1"
    git -C "$d" add -A
}

finds()
{
    t_refused "check-$1: $2" "$3" "$d/scripts/check-$1"
}

plant lib/base/bad.h <<'END'
uint32_t bad(void);
END
plant lib/base/bad.c <<'END'
#include "base/banned.h"
#include "engine/engine.h"
int main(void) { printf("x"); /* exit(1) in a comment is fine */
}
END
plant lib/base/long.c <<END
$(yes '/* */' | head -n 701)
END
finds floors "a look upstairs" 'bad.c:2: base must not see engine'
finds banned "banned.h is not last" 'bad.c: the last #include must be "base/banned.h"'
finds lib-quiet "a room prints" 'bad.c:3: only doors print'
finds length "a long file" 'long.c: more than 700'
finds spdx "no licence" 'bad.h: no SPDX'
if pkg-config --exists jansson; then
    finds headers "a header that needs another" 'bad.h:1:.*uint32_t'
fi
if command -v clang-format >/dev/null; then
    finds format "another form" 'bad.c:3: not as clang-format'
fi

# With %s in place of what the checks would find in this file too.
# shellcheck disable=SC2016 # meant literally
printf '#!/bin/sh\ncd $1\n%s install -y less\n' apt-get | plant scripts/bad
finds packages "another place that installs" 'scripts/bad:3:'
if command -v shellcheck >/dev/null; then
    finds shell "an unquoted name" SC2086
fi
printf '/* /%s/secret */\n' root | plant lib/base/there.c
finds paths "a path of the machine" 'there.c:1:'

commit()
{
    git -C "$d" -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m "$1"
}
commit "Fix stuff"
finds commits "no area" 'subject is not "area: what changed"'
git -C "$d" update-ref -d HEAD
commit "base: a thing

It was not there, now it is."
finds commits "no problem stated" 'no line begins with "Problem:"'
git -C "$d" update-ref -d HEAD
commit "base: a thing

Problem: it was not there.

Put it there."
t_ok "check-commits: the right form" "$d/scripts/check-commits"
t_done
