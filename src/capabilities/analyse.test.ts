// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What handlers find in files, each with the spelling that packages rely on. */
import { expect, test } from "bun:test";
import { deflateSync } from "node:zlib";
import { concat, utf8 } from "#base/bytes";
import { analyse } from "#capabilities/analyse";
import type { PackageFile } from "#capabilities/file";
import { formatCapability } from "#model/dependency";
import { elfSample } from "#tests/support/elf-sample";
import { memoryFile, memoryLink, memorySurroundings } from "#tests/support/package-file";

function look(file: PackageFile, around = memorySurroundings()) {
  const { provides, depends, wants, problems } = analyse(file, around);
  return {
    provides: provides.map(formatCapability),
    depends: depends.map(formatCapability),
    wants: wants.map(formatCapability),
    problems: [...problems],
  };
}
const nothing = { provides: [], depends: [], wants: [], problems: [] };

test("whatever lies below /usr/bin is a binary, links and nested files too", () => {
  expect(look(memoryFile("/usr/bin/nano", "x")).provides).toEqual(["binary(nano)"]);
  expect(look(memoryLink("/usr/bin/pico")).provides).toEqual(["binary(pico)"]);
  expect(look(memoryFile("/usr/bin/deep/tool", "x")).provides).toEqual(["binary(tool)"]);
  expect(look(memoryFile("/usr/sbin/depmod", "x")).provides).toEqual(["sysbinary(depmod)"]);
  expect(look(memoryFile("/usr/share/bin/x", "x"))).toEqual(nothing);
});

test("a library gives its soname and needs its libraries", () => {
  const bytes = elfSample({ soname: "libz.so.1", needed: ["libc.so.6"] });
  const found = look(memoryFile("/usr/lib/libz.so.1.3", bytes, 0o755));
  expect(found).toEqual({
    ...nothing,
    provides: ["soname(libz.so.1(x86_64))"],
    depends: ["soname(libc.so.6(x86_64))"],
  });
});

test("a nested library has its folders in front, and one without soname its file name", () => {
  const bytes = elfSample({ needed: ["libc.so.6"] });
  expect(look(memoryFile("/usr/lib/security/pam_x.so", bytes)).provides).toEqual(["soname(security/pam_x.so(x86_64))"]);
  const narrow = elfSample({ bits: 32, machine: 3, soname: "pam_x.so", needed: ["libc.so.6"] });
  expect(look(memoryFile("/usr/lib32/security/pam_x.so", narrow)).provides).toEqual(["soname(security/pam_x.so(386))"]);
  const around = memorySurroundings({}, ["/usr/lib/x86_64-linux-gnu"]);
  expect(look(memoryFile("/usr/lib/x86_64-linux-gnu/libq.so.1", bytes), around).provides).toEqual([
    "soname(libq.so.1(x86_64))",
  ]);
});

test("a library found by the search path of the program is needed by its place", () => {
  const around = memorySurroundings({ "/usr/lib/foo/libbar.so.1": "", "/usr/lib/libc.so.6": "" });
  const bytes = elfSample({ needed: ["libbar.so.1", "libc.so.6"], runpath: "$ORIGIN/../lib/foo:/usr/lib" });
  expect(look(memoryFile("/usr/bin/foo", bytes, 0o755), around).depends).toEqual([
    "soname(foo/libbar.so.1(x86_64))",
    "soname(libc.so.6(x86_64))",
  ]);
});

test("a search path that leads out of /usr is a problem and leads to nothing", () => {
  const around = memorySurroundings({ "/mason/build/lib/liba.so.1": "" });
  const found = look(
    memoryFile("/usr/bin/foo", elfSample({ needed: ["liba.so.1"], rpath: "/mason/build/lib" })),
    around,
  );
  expect(found.depends).toEqual(["soname(liba.so.1(x86_64))"]);
  expect(found.problems).toEqual(['the search path "/mason/build/lib" leads out of /usr']);
});

test("the loader is known by the paths that programs ask for", () => {
  const bytes = elfSample({ soname: "ld-linux-x86-64.so.2", needed: [], relr: true });
  const found = look(memoryFile("/usr/lib/ld-linux-x86-64.so.2", bytes, 0o755)).provides;
  const paths = ["/usr/lib64", "/lib64", "/lib", "/usr/lib"].map((folder) => `${folder}/ld-linux-x86-64.so.2(x86_64)`);
  expect(new Set(found)).toEqual(
    new Set([
      ...paths.flatMap((path) => [`interpreter(${path})`, `soname(${path})`]),
      "soname(ld-linux-x86-64.so.2(x86_64))",
    ]),
  );
  const program = elfSample({ interpreter: "/lib64/ld-linux-x86-64.so.2", needed: ["libc.so.6"] });
  expect(look(memoryFile("/usr/bin/x", program)).depends).toContain("interpreter(/lib64/ld-linux-x86-64.so.2(x86_64))");
});

test("detached debug information gives and needs nothing; damage is a problem", () => {
  const bytes = elfSample({ soname: "libz.so.1", needed: ["libc.so.6"] });
  expect(look(memoryFile("/usr/lib/debug/.build-id/ab/libz.so.debug", bytes))).toEqual(nothing);
  expect(look(memoryFile("/usr/lib/libz.so.1", bytes.subarray(0, 100))).problems).toHaveLength(1);
});

test("a pkg-config file needs the modules of both lists, without versions, with variables replaced", () => {
  const text =
    "prefix=/usr\nbase = glib-2.0\nName: x # a comment\nRequires: ${base} >= 2.50, zlib\nRequires.private: x11 \\\n libpng>=1.6\n";
  const around = memorySurroundings({ "/usr/lib32/pkgconfig/zlib.pc": "" });
  expect(look(memoryFile("/usr/lib/pkgconfig/foo-1.0.pc", text))).toEqual({
    ...nothing,
    provides: ["pkgconfig(foo-1.0)"],
    depends: ["pkgconfig(glib-2.0)", "pkgconfig(zlib)", "pkgconfig(x11)", "pkgconfig(libpng)"],
  });
  expect(look(memoryFile("/usr/lib32/pkgconfig/foo.pc", "Requires: zlib other"), around)).toEqual({
    ...nothing,
    provides: ["pkgconfig32(foo)"],
    depends: ["pkgconfig32(zlib)", "pkgconfig(other)"],
  });
});

test("variables of a pkg-config file that go in a ring end", () => {
  expect(look(memoryFile("/usr/lib/pkgconfig/a.pc", "a=${b}\nb=${a}\nRequires: ${a} real")).depends).toEqual([
    "pkgconfig(real)",
  ]);
});

test("cmake packages keep their case; files of helpers are none", () => {
  const provides = (name: string) => look(memoryFile(`/usr/lib/cmake/x/${name}`, "")).provides;
  expect(provides("KF6ArchiveConfig.cmake")).toEqual(["cmake(KF6Archive)"]);
  expect(provides("tiff-config.cmake")).toEqual(["cmake(tiff)"]);
  expect(provides("tiff-config-version.cmake")).toEqual([]);
  expect(provides("foo-Config.cmake")).toEqual([]);
});

test("a Python distribution needs what its markers leave on this system", () => {
  const text = [
    "Metadata-Version: 2.1",
    "Name: Foo.Bar_baz",
    "Requires-Dist: PyYAML>=5",
    'Requires-Dist: tomli>=1.1; python_version < "3.11"',
    'Requires-Dist: importlib-metadata ; python_version <= "3.14" and (sys_platform == "linux" or os_name == "nt")',
    "Requires-Dist: colorama; sys_platform == 'win32'",
    'Requires-Dist: pytest; extra == "test"',
    "Requires-Dist: requests[socks] (>=2.0)",
    "",
    "Requires-Dist: body-text",
  ].join("\n");
  expect(look(memoryFile("/usr/lib/python3.14/site-packages/foo-1.dist-info/METADATA", text))).toEqual({
    ...nothing,
    provides: ["python(foo-bar-baz)"],
    depends: ["python(pyyaml)", "python(importlib-metadata)", "python(requests)"],
  });
});

test("an egg-info folder's needs come from its requires.txt", () => {
  const folder = "/usr/lib/python3/dist-packages/old.egg-info";
  const around = memorySurroundings({
    [`${folder}/requires.txt`]: 'six\n\n[:python_version < "3"]\nfutures\n\n[dev]\nnose\n',
  });
  expect(look(memoryFile(`${folder}/PKG-INFO`, "Name: old\n"), around)).toEqual({
    ...nothing,
    provides: ["python(old)"],
    depends: ["python(six)"],
  });
  expect(look(memoryFile(`${folder}/PKG-INFO`, "Version: 1\n"), around).problems).toEqual(["the metadata has no Name"]);
});

test("a script that people start needs its interpreter; one elsewhere wants it", () => {
  expect(look(memoryFile("/usr/bin/a", "#!/usr/bin/env -S LANG=C python3 -u\n", 0o755)).depends).toEqual([
    "binary(python3)",
  ]);
  expect(look(memoryFile("/usr/sbin/b", "#! /sbin/runscript\n", 0o755)).depends).toEqual(["sysbinary(runscript)"]);
  expect(look(memoryFile("/usr/libexec/c", "#!/bin/sh -e\n", 0o755)).wants).toEqual(["binary(sh)"]);
  expect(look(memoryFile("/usr/share/doc/x/d", "#!/bin/sh\n", 0o755))).toEqual(nothing);
  expect(look(memoryFile("/usr/libexec/e", "#!/bin/sh\n", 0o644))).toEqual(nothing);
  expect(look(memoryFile("/usr/libexec/f", "#!/opt/x/y\n", 0o755))).toEqual(nothing);
});

test("a Perl module gives the name it is loaded by and wants what it uses, but no pragma and no text", () => {
  const source =
    'package A::B;\nuse strict;\nuse v5.10;\nuse warnings::register;\nuse common::sense;\nuse boolean;\nuse List::Util qw(max);\nuse parent -norequire, "C::D";\n=pod\nuse Not::This;\n=cut\nrequire E;\n__END__\nuse Nor::That;\n';
  for (const path of [
    "/usr/share/perl5/vendor_perl/A/B.pm",
    "/usr/lib/perl5/vendor_perl/5.42.0/x86_64-linux-thread-multi/A/B.pm",
    "/usr/lib/x86_64-linux-gnu/perl5/5.36/A/B.pm",
  ]) {
    const found = look(memoryFile(path, source));
    expect(found.provides).toEqual(["perl(A::B)"]);
    expect(found.wants).toEqual(["perl(common::sense)", "perl(boolean)", "perl(List::Util)", "perl(C::D)", "perl(E)"]);
  }
});

test("a gem specification gives the gem and needs its run-time gems", () => {
  const source = `Gem::Specification.new do |s|\n  s.name = "rake".freeze\n  s.add_runtime_dependency(%q<psych>.freeze, [">= 4"])\n  s.add_dependency "io-x"\n  s.add_development_dependency("minitest")\nend\n`;
  expect(look(memoryFile("/usr/lib/ruby/gems/3.3.0/specifications/rake-13.gemspec", source))).toEqual({
    ...nothing,
    provides: ["ruby(rake)"],
    depends: ["ruby(psych)", "ruby(io-x)"],
  });
});

test("a gem specification in the form of RubyGems 3.3 needs no gem that only its development needs", () => {
  const lines = ["rake-compiler", "minitest"].map((name) => `(%q<${name}>.freeze, ["~> 1.0"])`);
  const kinds = [
    ...lines.map((line) => `    s.add_development_dependency${line}`),
    "    s.add_runtime_dependency(%q<psych>)",
  ];
  const old = [...lines, "(%q<psych>)"].map((line) => `    s.add_dependency${line}`);
  const asked = "if s.respond_to? :add_runtime_dependency then";
  const source = ["Gem::Specification.new do |s|", '  s.name = "ffi".freeze', asked, ...kinds, "else", ...old, "end"];
  expect(look(memoryFile("/usr/lib/ruby/gems/3.1.0/specifications/ffi-1.gemspec", source.join("\n")))).toEqual({
    ...nothing,
    provides: ["ruby(ffi)"],
    depends: ["ruby(psych)"],
  });
});

function varint(length: number): Uint8Array {
  return length < 128 ? Uint8Array.of(length) : Uint8Array.of((length & 0x7f) | 0x80, length >> 7);
}

test("a Go program gives the modules that were linked into it, replaced ones by their replacement", () => {
  const lines =
    "path\tx.org/tool\nmod\tx.org/tool\tv1.2.3\th1:a=\ndep\ty.org/lib\tv0.1.0\th1:b=\n=>\tz.org/fork\tv9.0.0\th1:c=\nbuild\t-compiler=gc\n";
  const info = concat([new Uint8Array(16), utf8(lines), new Uint8Array(16)]);
  const head = new Uint8Array(32);
  head.set([0xff, ...utf8(" Go buildinf:"), 8, 2]);
  const section = concat([head, varint(7), utf8("go1.22\0"), varint(info.byteLength), info, new Uint8Array(5000)]);
  const bytes = elfSample({ type: 2, sections: { ".go.buildinfo": section } });
  expect(look(memoryFile("/usr/libexec/tool", bytes, 0o755)).provides).toEqual([
    "gomod(x.org/tool@v1.2.3)",
    "gomod(z.org/fork@v9.0.0)",
  ]);
});

test("a Rust program gives the crates of its audit section, without those that only built it", () => {
  const audit = {
    packages: [
      { name: "serde", version: "1.0.2", source: "registry" },
      { name: "cc", version: "1", kind: "build" },
    ],
  };
  const packed = deflateSync(JSON.stringify(audit));
  const bytes = elfSample({ type: 2, sections: { ".dep-v0": packed, ".pad": new Uint8Array(5000) } });
  expect(look(memoryFile("/usr/libexec/tool", bytes, 0o755)).provides).toEqual(["crate(serde@1.0.2)"]);
  const bomb = elfSample({ type: 2, sections: { ".dep-v0": deflateSync(new Uint8Array(64 << 20)) } });
  expect(look(memoryFile("/usr/libexec/tool", bomb, 0o755)).problems).toHaveLength(1);
});

test("a typelib needs the typelibs and libraries that its header names", () => {
  const texts = utf8("GLib-2.0|Gio-2.0\0libx.so.0,liby.so.1\0");
  const bytes = new Uint8Array(112 + texts.byteLength);
  bytes.set(utf8("GOBJ\nMETADATA\r\n\x1a"));
  bytes.set(texts, 112);
  const view = new DataView(bytes.buffer);
  view.setUint32(36, 112, true);
  view.setUint32(40, bytes.byteLength, true);
  view.setUint32(52, 112 + 17, true);
  expect(look(memoryFile("/usr/lib/girepository-1.0/X-1.0.typelib", bytes))).toEqual({
    ...nothing,
    provides: ["typelib(X-1.0)"],
    depends: ["typelib(GLib-2.0)", "typelib(Gio-2.0)", "soname(libx.so.0(x86_64))", "soname(liby.so.1(x86_64))"],
  });
  const gir =
    '<repository><include name="GLib" version="2.0"/><package name="x-1.0"/><namespace><include name="No" version="1"/>';
  expect(look(memoryFile("/usr/share/gir-1.0/X-1.0.gir", gir)).wants).toEqual([
    "typelib(GLib-2.0)",
    "pkgconfig(x-1.0)",
  ]);
});

test("a kernel module needs its kernel, and one in a foreign folder is a problem", () => {
  const module = elfSample({ type: 1, sections: { ".modinfo": utf8("license=GPL\0vermagic=6.1.0 SMP preempt\0") } });
  expect(look(memoryFile("/usr/lib/modules/6.1.0/extra/v.ko", module)).depends).toEqual(["kernel(6.1.0)"]);
  expect(look(memoryFile("/usr/lib/modules/6.2.0/extra/v.ko", module)).problems).toHaveLength(1);
  expect(look(memoryFile("/usr/lib/modules/6.1.0/modules.builtin", "")).provides).toEqual(["kernel(6.1.0)"]);
});

test("units, desktop entries and bus services want the programs they start", () => {
  const unit =
    '[Service]\nExecStartPre=-/usr/bin/maybe\nExecStart=+/usr/sbin/daemon \\\n  -x\nExecReload="/bin/kill" -HUP $MAINPID\n';
  expect(look(memoryFile("/usr/lib/systemd/system/a.service", unit)).wants).toEqual([
    "sysbinary(daemon)",
    "binary(kill)",
  ]);
  const entry = "[Desktop Entry]\nTryExec=no\nExec=viewer %U\n[Desktop Action New]\nExec=/usr/bin/other --new\n";
  expect(look(memoryFile("/usr/share/applications/v.desktop", entry)).wants).toEqual([
    "binary(viewer)",
    "binary(other)",
  ]);
  const service = "[D-BUS Service]\nName=a.b\nExec=/usr/bin/busd\n";
  expect(look(memoryFile("/usr/share/dbus-1/services/a.b.service", service)).wants).toEqual(["binary(busd)"]);
});
