#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: 2026 The Serpent tools authors
#
# What lies on the disk, told by find, stat and sha256sum alone.
#   listing.sh tree DIRECTORY    a line for each path: path, type, mode, owner, digest or target; without .stateID
#   listing.sh store DIRECTORY   names of files in the store whose bytes, mode or owner are not what their name says
set -euo pipefail
export LC_ALL=C
cd "$2"
case $1 in
  tree)
    {
      find . -mindepth 1 -type d -printf '%P d %m %U:%G\n'
      find . -type l -printf '%P l %U:%G %l\n'
      find . -mindepth 1 -not -type d -not -type l -not -type f -printf '%P special\n'
      join -j 1 <(find . -type f -printf '%P f %m %U:%G\n' | sort) \
        <(find . -type f -print0 | xargs -0 -r sha256sum | sed -E 's/^([0-9a-f]{64})  \.\/(.*)$/\2 \1/' | sort)
    } | grep -v '^\.stateID ' | sort
    ;;
  store)
    find . -mindepth 1 -maxdepth 1 -not -type d -printf '%f\n'
    find . -mindepth 2 -type f -print0 | xargs -0 -r sha256sum | while read -r sum path; do
      name=${path##*/}
      IFS=- read -r digest mode uid gid _ <<<"${name%%~*}"
      want=$(printf '%o %s:%s' $((8#$mode & ~8#222)) "$uid" "$gid")
      [ "$sum" = "$digest" ] && [ "$(stat -c '%a %u:%g' "$path")" = "$want" ] || echo "$name"
    done
    ;;
esac
