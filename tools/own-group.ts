// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * systemd-nspawn without a systemd on the host puts its control groups beside its own caller's, always under the same names: two
 * boots at one moment, or what an earlier one left, are in its way. Here each boot gets a group of its own, removed afterwards.
 */

const SCRIPT = `name=moss-boot-$$
made=
for folder in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  [ -w "$folder/cgroup.procs" ] && mkdir "$folder/$name" 2>/dev/null || continue
  echo $$ > "$folder/$name/cgroup.procs" && made="$made $folder"
done
"$@"
code=$?
for folder in $made; do
  echo $$ > "$folder/cgroup.procs"
  find "$folder/$name" -depth -type d -exec rmdir {} + 2>/dev/null
done
exit $code
`;

/** A command that runs another in a control group of its own where it may make one; the exit code is the other's. */
export function inOwnGroup(command: readonly string[]): string[] {
  return ["sh", "-c", SCRIPT, "sh", ...command];
}
