// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** What the demo does with the programs in its roots: a script for sh, and what its output must look like. */

export interface Use {
  readonly program: string;
  readonly script: string;
  readonly says: RegExp;
}

/** The announced programs, in the system that was installed. */
export const ANNOUNCED_USES: readonly Use[] = [
  {
    program: "bash",
    script:
      "bash -c 'declare -A age=([ann]=7 [bob]=9); for n in \"${!age[@]}\"; do echo $((age[$n] ** 2)); done' | sort -n",
    says: /^49\n81$/,
  },
  {
    program: "dash",
    script: "dash -c 'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done; echo counted $i'",
    says: /^counted 1000$/,
  },
  {
    program: "coreutils",
    script: "seq 100000 | sort -rn | head -1; seq 1000 | sha256sum | cut -c1-16; ln -s a /tmp/l && readlink /tmp/l",
    says: /^100000\n67d4ff71d43921d5\na$/,
  },
  {
    program: "util-linux",
    script: "findmnt -no FSTYPE /; flock /tmp/lock echo locked; getopt -o ab: -- -a -b x",
    says: /^overlay\nlocked\n -a -b 'x' --$/,
  },
  { program: "which", script: "which which bash", says: /^\/usr\/bin\/which\n\/usr\/bin\/bash$/ },
  {
    program: "dbus",
    script: `dbus-daemon --session --fork --address=unix:path=/tmp/bus
      export DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/bus
      dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames`,
    says: /string "org\.freedesktop\.DBus"/,
  },
  {
    program: "dbus-broker",
    // It wants a journal to write to, a bus where a service manager could be, and a socket that is handed to it.
    script: `systemd-machine-id-setup 2>/dev/null; mkdir -p /run/systemd/journal
      systemd-socket-activate -d -l /run/systemd/journal/socket sleep 60 > /dev/null 2>&1 &
      dbus-daemon --session --fork --address=unix:path=/tmp/manager
      export DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/manager
      systemd-socket-activate -E DBUS_SESSION_BUS_ADDRESS -l /tmp/broker dbus-broker-launch --scope user 2>/dev/null &
      while [ ! -S /tmp/broker ] || [ ! -S /run/systemd/journal/socket ]; do sleep 0.05; done
      export DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/broker
      dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId`,
    says: /string "[0-9a-f]{32}"/,
  },
  {
    program: "systemd",
    script: `systemd-sysusers 2>/dev/null && systemd-tmpfiles --create --prefix=/etc 2>/dev/null; tail -n +1 /etc/os-release | head -1
      systemd-analyze calendar --iterations=1 'Mon *-*-1 12:00' | head -1; systemctl --root=/ is-enabled systemd-tmpfiles-clean.timer`,
    says: /PRETTY_NAME|NAME[\s\S]*Original form: Mon \*-\*-1 12:00[\s\S]*(static|enabled)$/,
  },
];

/** Compilers, linkers and an interpreter, in a root of their own. */
export const WORKSHOP_USES: readonly Use[] = [
  {
    program: "gcc",
    script: `cat > /tmp/a.c <<'END'
#include <stdio.h>
int main(void) { long n = 0; for (int i = 0; i < 1000; i++) n += i; printf("%ld\\n", n); }
END
      gcc -O2 -o /tmp/a /tmp/a.c && /tmp/a`,
    says: /^499500$/,
  },
  {
    program: "clang with lld",
    script: `cat > /tmp/b.cc <<'END'
#include <algorithm>
#include <iostream>
#include <vector>
int main() { std::vector<int> v{3, 1, 2}; std::sort(v.begin(), v.end()); for (int i : v) std::cout << i; std::cout << "\\n"; }
END
      CLANG=$(ls /usr/bin/clang++* | head -1); $CLANG -O2 -flto -fuse-ld=lld -o /tmp/b /tmp/b.cc && /tmp/b
      readelf -p .comment /tmp/b | grep -o 'LLD [0-9]*' | head -1`,
    says: /^123\nLLD \d+$/,
  },
  {
    program: "python3",
    script: `python3 - <<'END'
import hashlib, json, sqlite3, zlib
data = sqlite3.connect(":memory:").execute("with recursive n(i) as (select 1 union all select i+1 from n where i<100) select sum(i) from n").fetchone()
print(json.dumps({"sum": data[0], "hash": hashlib.sha256(zlib.compress(b"x" * 10**6)).hexdigest()[:8] != ""}))
END`,
    says: /^\{"sum": 5050, "hash": true\}$/,
  },
  {
    program: "cmake and ninja",
    script: `mkdir /tmp/p && cd /tmp/p && printf 'cmake_minimum_required(VERSION 3.20)\\nproject(p C)\\nadd_executable(p p.c)\\n' > CMakeLists.txt && echo 'int main(void){return 7;}' > p.c && cmake -G Ninja -B out . > /dev/null && ninja -C out > /dev/null; ./out/p; echo $?`,
    says: /^7$/,
  },
];
