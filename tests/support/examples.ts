// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The example recipes, and what a user does with them: a collection of Debian's packages, pristine sources, a build in a
 * root of those packages, an install of the result into an empty root, and work done there. All by the real programs.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type RunOptions, type RunResult, run } from "#sys/process";

export type Toolchain = "gnu" | "llvm";

export interface Example {
  readonly name: string;
  readonly system: string;
  /** Debian's source package with the pristine archive. */
  readonly source: string;
  readonly toolchains: readonly Toolchain[];
  /** Debian packages with what the recipe needs besides base and toolchain. */
  readonly debs: readonly string[];
  /** What an empty root gets, besides a shell. */
  readonly install: readonly string[];
  /** A program or library of the build, to look at. */
  readonly elf: string | undefined;
  /** Work done there by bash. */
  readonly work: string;
  /** What the work says. */
  readonly says: string;
}

/** What every build over Debian's packages needs; `data/macros/families/debian.yaml` says why. */
export const BASE_DEBS =
  "base-files bash binutils coreutils dash diffutils findutils mawk grep gzip libc-bin libc6-dev linux-libc-dev pkgconf sed tar util-linux".split(
    " ",
  );
export const TOOLCHAIN_DEBS: Readonly<Record<Toolchain, readonly string[]>> = {
  gnu: ["gcc", "g++"],
  llvm: ["clang-19", "lld-19", "llvm-19"],
};

export const EXAMPLES: readonly Example[] = [
  {
    name: "bc",
    system: "autotools",
    source: "bc",
    toolchains: ["gnu"],
    debs: ["autoconf", "automake", "bison", "ed", "flex", "make", "texinfo", "libreadline-dev"],
    install: ["bc"],
    elf: "usr/bin/bc",
    work: "BC_LINE_LENGTH=0 bc -l <<< 'scale=60; 4*a(1)'; dc <<< '2 100 ^ p'",
    says: "3.141592653589793238462643383279502884197169399375105820974944\n1267650600228229401496703205376\n",
  },
  {
    name: "libzip",
    system: "cmake",
    source: "libzip",
    toolchains: ["gnu"],
    debs: ["cmake", "ninja-build", "perl", "libbz2-dev", "liblzma-dev", "libssl-dev", "zlib1g-dev"],
    install: ["binary(ziptool)", "coreutils"],
    elf: "usr/bin/zipmerge",
    work: `cd /tmp
for i in 1 2; do ziptool -n $i.zip add file$i "text $i" set_file_compression 0 xz 0; done
zipmerge all.zip 1.zip 2.zip
ziptool all.zip cat 0 cat 1; echo
zipcmp -q 1.zip 2.zip || echo differ
`,
    says: "text 1text 2\ndiffer\n",
  },
  {
    name: "wayland",
    system: "meson",
    source: "wayland",
    toolchains: ["gnu", "llvm"],
    debs: ["meson", "cmake", "libexpat1-dev", "libffi-dev", "libxml2-dev"],
    install: ["wayland-devel", "gcc", "libc6-dev", "coreutils"],
    elf: "usr/lib/libwayland-client.so.0",
    work: `cd /tmp
wayland-scanner public-code /usr/share/wayland/wayland.xml protocol.c
cat > talk.c <<'END'
#include <stdio.h>
#include <wayland-client.h>
#include <wayland-server.h>
extern const struct wl_interface wl_surface_interface;
int main(void) {
  struct wl_display *server = wl_display_create();
  const char *name = wl_display_add_socket_auto(server);
  printf("%s %s %d\\n", name, wl_surface_interface.name, wl_display_connect(name) != NULL);
  wl_display_destroy(server);
}
END
gcc -o talk talk.c protocol.c -lwayland-client -lwayland-server
XDG_RUNTIME_DIR=/tmp ./talk
`,
    says: "wayland-0 wl_surface 1\n",
  },
  {
    name: "lua",
    system: "plain make",
    source: "lua5.4",
    toolchains: ["gnu", "llvm"],
    debs: ["make", "libncurses-dev", "libreadline-dev"],
    install: ["lua", "coreutils"],
    elf: "usr/bin/lua",
    work: `cd /tmp
cat > primes.lua <<'END'
local count, sieve = 0, {}
for i = 2, 100000 do
  if not sieve[i] then
    count = count + 1
    for j = i * i, 100000, i do sieve[j] = true end
  end
end
print(count, _VERSION)
END
luac -o primes primes.lua
lua primes
`,
    says: "9592\tLua 5.4\n",
  },
  {
    name: "meson",
    system: "python",
    source: "meson",
    toolchains: ["gnu"],
    debs: "ninja-build python3 python3-build python3-installer python3-packaging python3-setuptools python3-wheel".split(
      " ",
    ),
    install: ["meson", "gcc", "libc6-dev", "coreutils"],
    elf: undefined,
    work: `mkdir /tmp/project && cd /tmp/project
echo "project('greet', 'c')" > meson.build
echo "test('greets', executable('greet', 'greet.c'))" >> meson.build
echo '#include <stdio.h>' > greet.c
echo 'int main(void) { puts("built by meson"); }' >> greet.c
meson setup out >&2
meson test -C out >&2
out/greet
`,
    says: "built by meson\n",
  },
];

const repository = resolve(import.meta.dir, "../..");

/** Where one run of examples has its things. */
export class Ground {
  readonly folder: string;
  readonly protosnek: string;
  readonly mirror: string;
  readonly local: string;
  readonly cache: string;
  readonly config: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
    this.protosnek = join(this.folder, "protosnek");
    this.mirror = join(this.folder, "mirror");
    this.cache = join(this.folder, "boulder");
    this.local = join(this.cache, "collections/local-x86_64");
    this.config = join(this.folder, "config");
    mkdirSync(this.config, { recursive: true });
    const collection = (name: string, uri: string, priority: number) =>
      `        "${name}" {\n            uri "${uri}"\n            priority ${priority}\n        }\n`;
    const collections = collection("protosnek", this.protosnek, 0) + collection("local-x86_64", this.local, 100);
    const profile = `"local-x86_64" {\n    family "debian"\n    repositories {\n${collections}    }\n}\n`;
    writeFileSync(join(this.config, "profile.kdl"), profile);
  }

  recipe(name: string): string {
    return join(repository, "examples/recipes", name);
  }

  /** Runs a program of this repository. */
  program(name: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run([process.execPath, join(repository, "bin", `${name}.ts`), ...args], options);
  }

  boulder(verb: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.program("boulder", ["--config-dir", this.config, "--cache-dir", this.cache, verb, ...args], options);
  }

  /** A build from what lies on this machine, into the local collection. */
  build(example: string, args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> {
    const sources = ["--mirror", this.mirror, "--offline"];
    return this.boulder("bi", [this.recipe(example), "-p", "local-x86_64", "-l", ...sources, ...args], options);
  }

  importDebs(names: readonly string[]): Promise<RunResult> {
    const options = ["--profile", "fast", "--no-essential", "--allow-missing", "-o", this.protosnek];
    return this.program("moss-deb", ["import", ...options, ...names]);
  }

  fetchSources(names: readonly string[]): Promise<RunResult> {
    const tool = join(repository, "tools/debian-sources.ts");
    return run([process.execPath, tool, "-o", this.mirror, "--cache", join(this.folder, "apt"), ...names]);
  }

  moss(root: string, args: readonly string[]): Promise<RunResult> {
    return this.program("moss", ["-D", root, "-y", ...args]);
  }

  /** A root of its own with the words in it, out of both collections. Each step's result comes back. */
  async install(root: string, words: readonly string[]): Promise<RunResult> {
    mkdirSync(root, { recursive: true });
    for (const [name, place, priority] of [
      ["protosnek", this.protosnek, "0"],
      ["local-x86_64", this.local, "100"],
    ] as const) {
      const added = await this.moss(root, ["collection", "add", name, place, "-p", priority]);
      if (added.code !== 0) return added;
    }
    return this.moss(root, ["install", "bash", ...words]);
  }

  work(root: string, script: string): Promise<RunResult> {
    return this.program("moss-container", ["-D", root, "--", "bash", "-euc", script]);
  }
}
