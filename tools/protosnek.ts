// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The collection `protosnek`: the Debian packages that the demo, the examples and the benches import, with all that they
 * need. `./dev moss-deb import -o protosnek $(node_modules/.bin/bun tools/protosnek.ts)` makes it by hand.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import { Apt } from "#deb/apt";

/** What the announcements install (`which` is in debianutils), and what a system needs to start and to be used. */
export const SYSTEM = [
  ..."bash dash dbus dbus-broker systemd systemd-sysv coreutils util-linux nano less procps iproute2 libatm1".split(
    " ",
  ),
  ..."kmod login libpam-runtime libpam-systemd udev".split(" "),
  // What our own moss needs.
  ..."libxxhash0 libzstd1 bubblewrap uidmap".split(" "),
];

/** Both toolchains, and what boulder puts into every root. */
export const TOOLCHAINS = [
  ..."gcc g++ binutils libc6-dev linux-libc-dev clang-19 lld-19 llvm-19 mold ccache sccache pkgconf gdb strace".split(
    " ",
  ),
  ..."diffutils findutils mawk grep gzip sed patch bzip2 xz-utils zstd libarchive-tools file".split(" "),
];

/** Build systems and languages. */
const BUILD_SYSTEMS = [
  ..."make cmake meson ninja-build autoconf automake libtool autopoint gettext bison flex texinfo m4 ed".split(" "),
  ..."python3 python3-build python3-installer python3-packaging python3-setuptools python3-wheel".split(" "),
  ..."perl libmodule-build-perl".split(" "),
];

/** Libraries that the example recipes build with. */
const LIBRARIES =
  "zlib1g-dev libbz2-dev liblzma-dev libzstd-dev libexpat1-dev libffi-dev libxml2-dev libncurses-dev libreadline-dev libssl-dev libpng-dev".split(
    " ",
  );

export const PROTOSNEK: readonly string[] = [...SYSTEM, ...TOOLCHAINS, ...BUILD_SYSTEMS, ...LIBRARIES];

/** The words of the announcement: `which` names no package there, and is found as a program. */
export const ANNOUNCED: readonly string[] =
  "bash dash dbus dbus-broker systemd coreutils util-linux which moss nano".split(" ");

/** Where moss-deb keeps apt's state and what it fetched, unless it is told otherwise. */
function userCache(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "moss-deb");
}

/** Packages of the announced root, with those of the same source that the collection has: none needs another's exact version. */
const UPGRADABLE = [["libpcre2-8-0"], ["libexpat1", "libexpat1-dev"], ["liblzma5", "liblzma-dev", "xz-utils"]];

/**
 * Words that name an older version of a package of the announced root, where apt's sources have one (stable beside its
 * security updates): imported with them first and without them later, the collection has an upgrade. Empty where there is none.
 */
export async function olderWords(cache = userCache()): Promise<string[]> {
  const apt = new Apt({ cache });
  await apt.update();
  const versions = await apt.versions(UPGRADABLE.flat());
  for (const names of UPGRADABLE) {
    const older = versions.get(names[0] ?? "")?.[1];
    if (older !== undefined && names.every((name) => versions.get(name)?.includes(older) === true))
      return names.map((name) => `${name}=${older}`);
  }
  return [];
}

if (import.meta.main) process.stdout.write(`${PROTOSNEK.join(" ")}\n`);
