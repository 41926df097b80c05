// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Commands read out of maintainer scripts. */
import { expect, test } from "bun:test";
import { readScripts } from "#deb/scripts";
import { readCommands } from "#deb/shell";

test("words, literal variables, loops over literal words; what is not known stays unknown", () => {
  const script = "dir=/usr/lib\nfor i in 'a b' c; do\n  ln -s $dir/$i \"$1\" $(date) # x\ndone\n";
  expect(readCommands(script)).toEqual([
    ["ln", "-s", "/usr/lib/a", undefined, undefined],
    ["ln", "-s", "/usr/lib/b", undefined, undefined],
    ["ln", "-s", "/usr/lib/c", undefined, undefined],
  ]);
});

test("a branch does not take a known value away, an assignment outside of one does", () => {
  const script = 'p=5\nif [ -n "$2" ]; then\n  p=$(expr $p - 1)\n  q=$(date)\nfi\nsay $p $q\np=$(date)\nsay $p\n';
  expect(readCommands(script).filter(([word]) => word === "say")).toEqual([
    ["say", "5", undefined],
    ["say", undefined],
  ]);
});

test("a variable that stands alone is cut into words; one in quotes, or within a word, is not", () => {
  expect(readCommands('w="a  b"\nsay $w ${w} "$w" x$w\n')).toEqual([["say", "a", "b", "a", "b", "a  b", "xa  b"]]);
});

test("the alternatives of a Java runtime, as its script makes them", () => {
  const postinst = `#!/bin/sh
priority=1711
basedir=/usr/lib/jvm/java
tools='java keytool'
case "$1" in
configure)
    if [ "$update" = y ]; then
    if [ -n "$multiarch" ] && [ "$ARCH" != $(dpkg --print-architecture) ]; then
      priority=$(expr $priority - 1)
    fi
    for i in $tools; do
      unset slave || true
      if [ -e $basedir/man/man1/$i.1.gz ]; then
        slave="--slave \\
            /usr/share/man/man1/$i.1.gz \\
            $i.1.gz \\
            $basedir/man/man1/$i.1.gz"
      fi
      update-alternatives \\
          --install \\
          /usr/bin/$i \\
          $i \\
          $basedir/bin/$i \\
          $priority \\
          $slave
    done
    fi
    ;;
esac
`;
  const slave = (name: string) => ({
    link: `/usr/share/man/man1/${name}.1.gz`,
    name: `${name}.1.gz`,
    target: `/usr/lib/jvm/java/man/man1/${name}.1.gz`,
  });
  const { alternatives, losses } = readScripts(new Map([["postinst", postinst]]));
  expect(alternatives).toEqual(
    ["java", "keytool"].map((name) => ({
      link: `/usr/bin/${name}`,
      name,
      target: `/usr/lib/jvm/java/bin/${name}`,
      priority: 1711,
      slaves: [slave(name)],
    })),
  );
  expect(losses.filter(({ kind }) => kind === "alternative")).toEqual([]);
});
