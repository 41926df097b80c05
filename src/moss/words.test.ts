// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Words of command lines, and the capabilities that they stand for. */
import { expect, test } from "bun:test";
import { Failure } from "#base/errors";
import { capabilitiesOfPath, capabilityOf, isStonePath, type Known } from "#moss/words";

const machine = process.arch === "arm64" ? "aarch64" : "x86_64";

function known(names: readonly string[], given: readonly string[]): Known {
  return { hasName: (name) => names.includes(name), gives: (text) => given.includes(text), names: () => names };
}

function refusal(word: string, what: Known): Failure {
  try {
    capabilityOf(word, what);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`${word} was not refused`);
}

test("a path stands for what a package with a file there would give", () => {
  expect(capabilitiesOfPath("/usr/bin/nano")).toEqual(["binary(nano)", "sysbinary(nano)"]);
  expect(capabilitiesOfPath("/sbin/init")).toEqual(["sysbinary(init)", "binary(init)"]);
  expect(capabilitiesOfPath("/usr/lib/libz.so.1")).toEqual([`soname(libz.so.1(${machine}))`]);
  expect(capabilitiesOfPath("/usr/lib/pkgconfig/zlib.pc")).toEqual(["pkgconfig(zlib)"]);
  expect(capabilitiesOfPath("/usr/lib/cmake/Foo/FooConfig.cmake")).toEqual(["cmake(Foo)"]);
  expect(capabilitiesOfPath("/lib64/ld-linux-x86-64.so.2")).toContain(
    `interpreter(/lib64/ld-linux-x86-64.so.2(${machine}))`,
  );
  for (const path of ["/", "/usr/share/doc/x", "/etc/passwd", "/usr/bin/"])
    expect(capabilitiesOfPath(path)).toEqual([]);
});

test("a package of that name comes before a program, and a program before a name that others give", () => {
  const all = known(["which"], ["binary(which)", "name(awk)", "binary(ls)"]);
  expect(capabilityOf("which", all)).toBe("name(which)");
  expect(capabilityOf("ls", all)).toBe("binary(ls)");
  expect(capabilityOf("awk", all)).toBe("name(awk)");
  expect(capabilityOf("/bin/ls", all)).toBe("binary(ls)");
  expect(capabilityOf("pkgconfig(nowhere)", all)).toBe("pkgconfig(nowhere)");
});

test("what stands for nothing is refused with what may have been meant", () => {
  const all = known(["nano", "clang-19", "clang-format-19"], []);
  expect(refusal("nanno", all).hint).toBe('Did you mean "nano"?');
  expect(refusal("clang", all).hint).toBe("Names that begin so: clang-19, clang-format-19.");
  expect(refusal("zzzzzzzz", all).hint).toContain("moss search");
  expect(refusal("/usr/bin/none", all).code).toBe("package.unknown");
  expect(refusal("sonam(x)", all).hint).toBe('Did you mean "soname"?');
  for (const word of ["soname(", "soname()", "(x)", "name(x"])
    expect(refusal(word, all).code).toBe("dependency.invalid");
});

test("a stone is named by its path", () => {
  expect(isStonePath("./x.stone")).toBe(true);
  expect(isStonePath("/srv/x.stone")).toBe(true);
  expect(isStonePath("x.stone")).toBe(false);
  expect(isStonePath("./x")).toBe(false);
});
