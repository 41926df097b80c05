# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: 2026 The Serpent tools authors
# shellcheck shell=bash disable=SC2034
#
# Debian packages that each job needs; ./dev installs those that are missing.
APT_GATE=(reuse shellcheck)
APT_TEST=(libzstd1 libxxhash0 zstd xxhash bubblewrap strace attr acl e2fsprogs xfsprogs btrfs-progs binutils dpkg-dev uidmap busybox-static python3 xz-utils bzip2 gcc libc6-dev gdb gpg gpg-agent gpgv minisign bash-static systemd-container zsh fish)
APT_DEMO=(libzstd1 libxxhash0 bubblewrap systemd-container)
APT_BENCH=(gcc libc6-dev libzstd-dev libxxhash-dev libssl-dev mmdebstrap debhelper rpm debugedit)
