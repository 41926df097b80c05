// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The few packages whose maintainer scripts make what no system works without. Scripts never run here, so what they would
 * copy or write is said here instead, package by package, and reported.
 */
import { osInfo } from "#deb/os-info";
import type { PlannedLink, PlannedText } from "#deb/plan-model";
import type { Loss, PackageScan, StateEntry, SystemUser } from "#deb/scan-model";
import { OTHERS_DISABLED } from "#deb/units";

export interface Quirks {
  /** Paths that the stone does not have. */
  readonly drop: readonly string[];
  readonly rename: Readonly<Record<string, string>>;
  readonly links: readonly PlannedLink[];
  readonly state: readonly StateEntry[];
  readonly users: readonly SystemUser[];
  readonly texts: readonly PlannedText[];
  readonly losses: readonly Loss[];
  /** Packages that Debian takes for granted because they are essential there, and this one does not work without. */
  readonly needs: readonly string[];
}

const NONE: Quirks = { drop: [], rename: {}, links: [], state: [], users: [], texts: [], losses: [], needs: [] };
const root = { uid: 0, gid: 0 };
const ADM = 4;
const MAIL = 8;
const SHADOW = 42;
const UTMP = 43;

const copy = (path: string, from: string): StateEntry => ({ ...root, path, kind: "copy", mode: 0o644, target: from });
const folder = (path: string, mode = 0o755, gid = 0): StateEntry => ({ path, kind: "directory", mode, uid: 0, gid });
const link = (path: string, target: string): StateEntry => ({ ...root, path, kind: "link", mode: 0o777, target });

/** A state file that the package has as a default below /usr/share, and which its script copies. */
function baseFiles(scan: PackageScan): Quirks {
  const share = "/usr/share/base-files";
  return {
    ...NONE,
    // The system's own os-release is written for each state.
    rename: { "lib/os-release": "share/base-files/os-release" },
    state: [
      copy("etc/profile", `${share}/profile`),
      copy("etc/motd", `${share}/motd`),
      copy("root/.profile", `${share}/dot.profile`),
      copy("root/.bashrc", `${share}/dot.bashrc`),
      ...["mnt", "srv", "opt", "media"].map((path) => folder(path)),
      folder("var/mail", 0o2775, MAIL),
      folder("var/log/private", 0o700, ADM),
      link("var/spool/mail", "../mail"),
    ],
    // The accounts, the loader's helpers and the terminals' descriptions are taken for granted by everything.
    needs: ["base-passwd", "libc-bin", "ncurses-base"],
    texts: [
      ...(scan.osRelease === undefined ? [] : [{ path: "lib/os-info.json", text: osInfo(scan.osRelease) }]),
      {
        path: "lib/tmpfiles.d/moss-deb-base-files-log.conf",
        text: `f /var/log/wtmp 0664 0 ${UTMP} - -\nf /var/log/btmp 0660 0 ${UTMP} - -\nf /var/log/lastlog 0664 0 ${UTMP} - -\n`,
      },
    ],
    losses: [{ kind: "moved", subject: "/usr/lib/os-release", detail: "to /usr/share/base-files/os-release" }],
  };
}

/** The stacks that `pam-auth-update` would write from the profiles of the packages that are there. */
const PAM: Readonly<Record<string, string>> = {
  "common-auth":
    "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
  "common-account":
    "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\naccount requisite pam_deny.so\naccount required pam_permit.so\n",
  "common-password":
    "password [success=1 default=ignore] pam_unix.so obscure yescrypt\npassword requisite pam_deny.so\npassword required pam_permit.so\n",
  "common-session": "session required pam_permit.so\nsession required pam_unix.so\n-session optional pam_systemd.so\n",
  "common-session-noninteractive": "session required pam_permit.so\nsession required pam_unix.so\n",
};

function pamRuntime(): Quirks {
  const names = Object.keys(PAM);
  return {
    ...NONE,
    texts: names.map((name) => ({ path: `share/factory/etc/pam.d/${name}`, text: PAM[name] ?? "" })),
    state: names.map((name) => ({ ...root, path: `etc/pam.d/${name}`, kind: "copy", mode: 0o644 })),
    losses: names.map((name) => ({
      kind: "config-changed",
      subject: `/etc/pam.d/${name}`,
      detail: "passwords of this system and logind only: no profile of another package is merged in",
    })),
  };
}

const FIRST_QUESTIONS = "lib/systemd/system/sysinit.target.wants/systemd-firstboot.service";

const TABLE: Readonly<Record<string, (scan: PackageScan) => Quirks>> = {
  "base-files": baseFiles,
  "libpam-runtime": pamRuntime,
  // As shadowconfig leaves it: programs of the group shadow read the passwords.
  passwd: () => ({
    ...NONE,
    texts: ["shadow", "gshadow"].map((name) => ({
      path: `lib/tmpfiles.d/moss-deb-passwd-${name}.conf`,
      text: `z /etc/${name} 0640 0 ${SHADOW} - -\n`,
    })),
  }),
  libtinfo6: () => ({ ...NONE, needs: ["ncurses-base"] }),
  systemd: () => ({
    ...NONE,
    needs: ["base-files", "login", "util-linux"],
    texts: [OTHERS_DISABLED],
    // Its script makes the machine id, so no start is ever a first one and nobody is asked for a time zone.
    drop: [FIRST_QUESTIONS],
    losses: [
      { kind: "config-changed", subject: `/usr/${FIRST_QUESTIONS}`, detail: "left out: the first start asks nothing" },
    ],
    // Where it is, the journal is kept over restarts.
    state: [folder("var/log/journal")],
  }),
  login: () => ({ ...NONE, needs: ["libpam-runtime"] }),
  "libc-bin": () => ({ ...NONE, state: [copy("etc/nsswitch.conf", "/usr/share/libc-bin/nsswitch.conf")] }),
};

/** What is added to a package, by its name. */
export function quirksOf(scan: PackageScan): Quirks {
  return TABLE[scan.name]?.(scan) ?? NONE;
}
