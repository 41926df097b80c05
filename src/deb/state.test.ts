// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What a package has outside /usr, its users and units, and what its scripts would have done. */
import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { hasDpkgDeb } from "#tests/support/debs";
import { importAll, importOne, removeTemporary, temporary } from "#tests/support/imported";
import { renderOsRelease } from "#transition/os-release";

afterEach(removeTemporary);
const it = test.skipIf(!hasDpkgDeb);

it("defaults of /etc go to the factory, with the lines that bring them back", async () => {
  const { text, entries } = await importOne({
    name: "conf",
    files: {
      "/etc/conf/main.conf": { text: "a=1", mode: 0o640 },
      "/etc/conf/with space": "b",
      "/etc/conf/link": { link: "main.conf" },
      "/var/lib/conf": { folder: 0o700 },
      "/var/run/conf": { folder: 0o755 },
      "/srv/100%": "c",
    },
  });
  expect(text("share/factory/etc/conf/main.conf")).toBe("a=1");
  expect(entries.get("share/factory/etc/conf/main.conf")?.mode).toBe("640");
  expect(text("lib/tmpfiles.d/moss-deb-conf.conf")?.split("\n")).toEqual([
    "# What is outside /usr of the Debian package conf, written by moss-deb.",
    "L /etc/conf/link - - - - main.conf",
    "C /etc/conf/main.conf 0640 0 0 - -",
    'C "/etc/conf/with space" 0644 0 0 - -',
    "d /run/conf 0755 0 0 - -",
    "C /srv/100%% 0644 0 0 - -",
    "d /var/lib/conf 0700 0 0 - -",
    "L /var/run - - - - ../run",
    "",
  ]);
  expect([...entries.keys()].some((path) => path.startsWith("etc/") || path.includes("share/factory/var"))).toBe(false);
});

it("users of simple script lines become sysusers lines", async () => {
  const { text, losses } = await importOne({
    name: "daemon",
    files: { "/usr/bin/d": "x" },
    scripts: {
      postinst:
        '#!/bin/sh\nUSER=_daemon\nadduser --quiet --system --group --home /var/lib/d --gecos "The daemon" $USER\naddgroup --system --gid 77 extra\nadduser --system "$(cat /x)"\n',
    },
  });
  expect(text("lib/sysusers.d/moss-deb-daemon.conf")?.split("\n").slice(1)).toEqual([
    "g extra 77",
    'u _daemon - "The daemon" /var/lib/d -',
    "",
  ]);
  expect(losses.filter((loss) => loss.kind === "user").map((loss) => loss.subject)).toEqual(["adduser --system ?"]);
});

it("units that the scripts enable become presets", async () => {
  const postinst = `#!/bin/sh
if deb-systemd-helper --quiet was-enabled 'a.service'; then
  deb-systemd-helper enable 'a.service' >/dev/null || true
fi
systemctl \${DPKG_ROOT:+--root="$DPKG_ROOT"} enable getty@tty1.service || true
deb-systemd-helper --user enable 'mine.service' >/dev/null || true
deb-systemd-helper enable "$(cat /x)"
systemctl disable other.service
`;
  const { text } = await importOne({ name: "units", files: { "/usr/bin/u": "x" }, scripts: { postinst } });
  expect(text("lib/systemd/system-preset/50-moss-deb-units.preset")?.split("\n").slice(1)).toEqual([
    "enable a.service",
    "enable getty@.service tty1",
    "",
  ]);
});

it("base-files tells who the system is, and brings what every package takes for granted", async () => {
  const release =
    'PRETTY_NAME="Some \\"OS\\" 3"\nNAME=Some\nID=some\nVERSION_ID="3"\nHOME_URL="https://example.invalid/"\n';
  const stones = await importAll([
    {
      name: "base-files",
      files: { "/usr/lib/os-release": release, "/etc/os-release": { link: "../usr/lib/os-release" } },
    },
    { name: "base-passwd" },
    { name: "libc-bin" },
  ]);
  const base = stones.get("base-files");
  expect(renderOsRelease(base?.text("lib/os-info.json"))).toBe(
    'NAME=Some\nID=some\nPRETTY_NAME="Some \\"OS\\" 3"\nVERSION_ID=3\nHOME_URL="https://example.invalid/"\n',
  );
  expect(base?.entries.has("lib/os-release")).toBe(false);
  expect(base?.text("share/base-files/os-release")).toBe(release);
  expect(base?.depends).toEqual(["name(base-passwd)", "name(libc-bin)"]);
});

it("accounts of base-passwd are lines that agree with Debian's basic.conf", async () => {
  const { text } = await importOne({
    name: "base-passwd",
    files: {
      "/usr/share/base-passwd/passwd.master":
        "root:*:0:0:root:/root:/bin/bash\nsync:*:4:65534:sync:/bin:/bin/sync\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
      "/usr/share/base-passwd/group.master": "root:*:0:\nnogroup:*:65534:\n",
    },
  });
  expect(text("lib/sysusers.d/moss-deb-base-passwd.conf")?.split("\n").slice(1)).toEqual([
    "g root 0",
    "g nogroup 65534",
    "u root 0 - /root /bin/bash",
    "u sync 4:65534 - /bin /bin/sync",
    "u nobody 65534:65534 - /nonexistent /usr/sbin/nologin",
    "",
  ]);
});

it("a package's own lines for sysusers and tmpfiles stay where they are", async () => {
  const { text } = await importOne({
    name: "own",
    files: {
      "/usr/lib/sysusers.d/own.conf": "u own - -\n",
      "/usr/lib/tmpfiles.d/own.conf": "d /run/own\n",
      "/etc/tmpfiles.d/admin.conf": "d /run/admin\n",
    },
  });
  expect(text("lib/sysusers.d/own.conf")).toBe("u own - -\n");
  expect(text("lib/tmpfiles.d/own.conf")).toBe("d /run/own\n");
  expect(text("share/factory/etc/tmpfiles.d/admin.conf")).toBe("d /run/admin\n");
});

it("no script is ever run, and each is in the report", async () => {
  const marker = join(temporary(), "ran");
  const script = `#!/bin/sh\ntouch ${marker}\nfrobnicate --all\n`;
  const names = ["preinst", "postinst", "prerm", "postrm", "config"];
  const { losses } = await importOne({
    name: "scripts",
    files: { "/usr/bin/s": "x" },
    scripts: Object.fromEntries(names.map((name) => [name, script])),
  });
  expect(existsSync(marker)).toBe(false);
  const told = losses.filter((loss) => loss.kind === "script");
  expect(told.map((loss) => loss.subject).sort()).toEqual(names.sort());
  expect(told.find((loss) => loss.subject === "postinst")?.detail).toContain("frobnicate, touch");
});

it("shell variables that a script takes from elsewhere are not guessed", async () => {
  const { losses, entries } = await importOne({
    name: "guess",
    files: { "/usr/bin/g": "x" },
    scripts: { postinst: '#!/bin/sh\nupdate-alternatives --install "$1" x /usr/bin/g 10\n' },
  });
  expect([...entries.keys()]).toEqual(["bin/g"]);
  expect(losses.filter((loss) => loss.kind === "alternative").length).toBe(1);
});
