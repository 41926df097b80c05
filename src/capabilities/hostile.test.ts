// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Handlers on files that nobody meant for them: any bytes, at any path, in bounded time; and on real packages. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { utf8 } from "#base/bytes";
import { analyse, HANDLERS } from "#capabilities/analyse";
import { settle } from "#capabilities/settle";
import { formatCapability } from "#model/dependency";
import { elfSample } from "#tests/support/elf-sample";
import { memoryFile, memorySurroundings } from "#tests/support/package-file";
import { unpackStone } from "#tests/support/unpacked";

/** A path for each handler, so that each of them is asked. */
const PATHS = [
  "/usr/bin/x",
  "/usr/lib/libx.so.1",
  "/usr/lib/pkgconfig/x.pc",
  "/usr/lib/python3.11/site-packages/x.dist-info/METADATA",
  "/usr/lib/python3/dist-packages/x.egg-info/PKG-INFO",
  "/usr/lib/cmake/x/xConfig.cmake",
  "/usr/share/perl5/X.pm",
  "/usr/lib/ruby/gems/3/specifications/x.gemspec",
  "/usr/lib/girepository-1.0/X-1.typelib",
  "/usr/share/gir-1.0/X-1.gir",
  "/usr/lib/modules/6/x.ko",
  "/usr/lib/systemd/system/x.service",
  "/usr/share/applications/x.desktop",
  "/usr/share/dbus-1/services/x.service",
];

const around = memorySurroundings();

/** Whatever is found can be written down and stays within one line. */
function check(path: string, bytes: Uint8Array): void {
  const { findings } = analyse(memoryFile(path, bytes, 0o755), around);
  for (const { provides, depends, wants } of findings) {
    for (const item of [...provides, ...depends, ...wants]) expect(formatCapability(item)).not.toMatch(/[\n\0]/);
  }
}

test("the paths of this test reach every handler", () => {
  const asked = HANDLERS.filter((handler) =>
    PATHS.some((path) => handler.concerns(memoryFile(path, new Uint8Array(8192), 0o755))),
  );
  expect(asked.map((handler) => handler.name)).toEqual(HANDLERS.map((handler) => handler.name));
});

const words = fc.constantFrom(
  "Name:",
  "Requires:",
  "use ",
  "Exec=",
  "ExecStart=",
  "s.name = ",
  ";",
  "(",
  '"',
  "'",
  "${a}",
  "a=${a}",
  "\n",
  "\\\n",
  "#!",
  "env ",
  "and",
  "python_version",
  "<",
  "X::Y",
  "%q<",
  "/usr/bin/a",
  "<include name=",
  "=pod",
  " ",
  "\u00e9",
);

test("texts made of the words that handlers look for never end in anything but a decision", () => {
  const text = fc.array(words, { maxLength: 40 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.constantFrom(...PATHS), text, (path, body) => check(path, utf8(body))),
    { numRuns: 2000 },
  );
});

test("any bytes, and sections of programs with any bytes, never end in anything but a decision", () => {
  const section = fc.constantFrom(".go.buildinfo", ".dep-v0", ".modinfo");
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(fc.constantFrom(...PATHS), bytes, check), { numRuns: 1000 });
  fc.assert(
    fc.property(fc.constantFrom(...PATHS), section, bytes, (path, name, body) =>
      check(path, elfSample({ type: 2, sections: { [name]: body, ".pad": new Uint8Array(4096) } })),
    ),
    { numRuns: 500 },
  );
  const typelib = fc.uint8Array({ minLength: 112, maxLength: 300 }).map((body) => {
    body.set(utf8("GOBJ\nMETADATA\r\n\x1a"));
    new DataView(body.buffer, body.byteOffset).setUint32(40, body.byteLength, true);
    return body;
  });
  fc.assert(fc.property(typelib, (body) => check("/usr/lib/girepository-1.0/X-1.typelib", body)));
});

test("a name with control characters, or a page of it, is a problem and no capability", () => {
  const library = elfSample({ soname: "lib\nx.so", needed: ["a".repeat(2000), "libc.so.6"] });
  const { provides, depends, problems } = analyse(memoryFile("/usr/lib/x.so", library), around);
  expect([provides, depends.map(formatCapability)]).toEqual([[], ["soname(libc.so.6(x86_64))"]]);
  expect(problems).toHaveLength(2);
});

// A pattern that tries again at each place would need hours for one of these.
test("megabytes of one character end within the time that a test has", () => {
  for (const fill of ["\n", " ", "a", "(", "=", "\\\n", "use X;\n", "${a}"]) {
    const body = utf8(fill.repeat(Math.floor((3 << 20) / fill.length)));
    for (const path of PATHS) check(path, body);
  }
}, 60_000);

// Sixteen levels of a hundred references each are more than any machine has time for.
test("variables of pkg-config files that multiply at each level end within the time that a test has", () => {
  const use = (name: string) => `\${${name}} `;
  const line = (name: string, next: string) => `${name}=${use(next).repeat(100)}\n`;
  const levels = Array.from({ length: 16 }, (_, i) => line(`v${i}`, `v${i + 1}`)).join("");
  check("/usr/lib/pkgconfig/x.pc", utf8(`${levels}Requires: \${v0}\n`));
  check("/usr/lib/pkgconfig/x.pc", utf8(`${line("a", "a")}Requires: \${a}\n`));
  const wide = `big=${"x ".repeat(500_000)}\nRequires: ${use("big").repeat(2000)}\n`;
  check("/usr/lib/pkgconfig/x.pc", utf8(wide));
});

const stones = join(import.meta.dir, "../../../shared/fixtures/stones");

test.skipIf(!existsSync(stones))("real packages say what is found in their files", () => {
  for (const name of ["nano-8.3-33-1", "nano-8.4-35-1", "nano-dbginfo-8.4-35-1", "bash-completion-2.11-1-1"]) {
    const stone = unpackStone(join(stones, `${name}-x86_64.stone`));
    const files = [...stone.entries].map(([below, entry]) => {
      const path = `/usr/${below}`;
      const file = memoryFile(path, entry.kind === "regular" ? stone.body(below) : "", entry.mode);
      return { path, analysis: analyse({ ...file, kind: entry.kind === "symlink" ? "symlink" : file.kind }, around) };
    });
    const settled = settle(files, { name: stone.meta.name });
    expect(settled.provides.map(formatCapability)).toEqual(stone.meta.provides.map(formatCapability));
    expect(settled.depends.map(formatCapability)).toEqual(stone.meta.depends.map(formatCapability));
  }
});
