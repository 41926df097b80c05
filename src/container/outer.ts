// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The program that stands between us and bubblewrap: it enters the outer namespaces, mounts the overlay there and becomes
 * bubblewrap. Bubblewrap 0.8 cannot mount overlays, and the shell would need a process for each mount: it would cost as
 * much as bubblewrap itself. Perl is essential in Debian, starts in under a millisecond and can make any system call.
 *
 * It decides nothing. It is given steps, each a name and a fixed number of arguments (see `Steps`), and does them in
 * order; the last becomes another program. A step that fails is reported on descriptor 3 and ends it with code 125.
 */
export const SCRIPT = String.raw`
my ($UNSHARE, $MOUNT, $PRLIMIT, $PRCTL) = splice @ARGV, 0, 4;
sub failed { syswrite(OUT, "failed\t@_: $!\n"); exit 125 }
$^F = 3; # the descriptor goes on to bubblewrap
open(OUT, '>&=', 3);
sub put { my ($path, $text, $mode) = @_;
  sysopen(my $f, $path, defined $mode ? 0301 : 1, defined $mode ? oct $mode : 0) or failed("open", $path);
  while (length $text) { my $n = syswrite($f, $text); defined $n or failed("write", $path); $text = substr $text, $n }
  close $f or failed("close", $path) }
sub namespaces { my ($flags, $how, $uids, $gids) = @_;
  my ($child, $r, $w);
  if ($how ne "self") {
    pipe($r, $w) or failed("pipe");
    my $parent = $$;
    $child = fork; defined $child or failed("fork");
    if (!$child) {
      close $w; my $byte; exit 0 unless sysread($r, $byte, 1);
      if ($how eq "direct") { put("/proc/$parent/uid_map", $uids); put("/proc/$parent/gid_map", $gids); exit 0 }
      my @u = split ' ', $uids; my @g = split ' ', $gids;
      system("newuidmap", $parent, @u) == 0 or failed("newuidmap", $uids);
      system("newgidmap", $parent, @g) == 0 or failed("newgidmap", $gids);
      exit 0 }
    close $r }
  syscall($UNSHARE, $flags + 0) == 0 or failed("unshare");
  if ($child) { syswrite($w, "x"); close $w; waitpid($child, 0); exit 125 if $? }
  elsif ($uids) { put("/proc/self/setgroups", "deny"); put("/proc/self/uid_map", $uids); put("/proc/self/gid_map", $gids) } }
sub processes {
  syscall($UNSHARE, 0x20000000) == 0 or failed("unshare", "pid");
  my $child = fork; defined $child or failed("fork");
  if ($child) { waitpid($child, 0); exit($? & 127 ? 128 + ($? & 127) : $? >> 8) }
  syscall($PRCTL, 1, 9, 0, 0, 0) == 0 or failed("prctl"); exit 125 if getppid != 0 }
while (@ARGV) {
  my $step = shift @ARGV;
  if ($step eq "mount") { my ($src, $dst, $type, $flags, $data) = splice @ARGV, 0, 5;
    syscall($MOUNT, $src, $dst, $type, $flags + 0, $data) == 0 or failed("mount", $type, $dst, $data) }
  elsif ($step eq "mkdir") { my ($path, $mode) = splice @ARGV, 0, 2; -d $path or mkdir($path, oct $mode) or failed("mkdir", $path) }
  elsif ($step eq "write") { put(splice @ARGV, 0, 3) }
  elsif ($step eq "join") { put(shift @ARGV, "$$") }
  elsif ($step eq "umask") { umask oct shift @ARGV }
  elsif ($step eq "rlimit") { my ($which, $value) = splice @ARGV, 0, 2; my $pair = pack("QQ", $value, $value);
    syscall($PRLIMIT, 0, $which + 0, $pair, 0) == 0 or failed("setrlimit", $which, $value) }
  elsif ($step eq "processes") { processes() }
  elsif ($step eq "namespaces") { namespaces(splice @ARGV, 0, 4) }
  elsif ($step eq "exec") { exec { $ARGV[0] } @ARGV; failed("exec", $ARGV[0]) }
  else { $! = 22; failed("step", $step) } }
`;

const ARM = process.arch === "arm64";
/** Numbers of unshare, mount, prlimit64 and prctl. */
const CALLS = ARM ? ["97", "40", "261", "167"] : ["272", "165", "302", "157"];

const CLONE_NEWNS = 0x0002_0000;
const CLONE_NEWUSER = 0x1000_0000;
export const MS_REMOUNT_PRIVATE = 0x4_4000; // MS_REC | MS_PRIVATE

/** How uid_map and gid_map are written: by the program itself, by its parent's rights, or by newuidmap and newgidmap. */
export type MapWriter = "self" | "direct" | "tool";

/** Collects steps for the program. */
export class Steps {
  readonly #list: string[] = [];

  /** A new mount namespace, and a user namespace where maps are given; mounts of the host no longer follow. */
  namespaces(how: MapWriter, uids: string, gids: string): this {
    const flags = uids === "" ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    this.#list.push("namespaces", String(flags), how, uids, gids);
    return this.mount("none", "/", "none", MS_REMOUNT_PRIVATE, "");
  }
  mount(source: string, target: string, type: string, flags: number, data: string): this {
    this.#list.push("mount", source, target, type, String(flags), data);
    return this;
  }
  mkdir(path: string, mode = "755"): this {
    this.#list.push("mkdir", path, mode);
    return this;
  }
  /**
   * Goes on as process 1 of a new process namespace, and dies with the program that was started: all that comes later
   * dies with it, at whatever moment that is killed. (Bubblewrap killed in its first steps would leave a child behind.)
   */
  processes(): this {
    this.#list.push("processes");
    return this;
  }
  /** Makes a file that must not be there yet. */
  write(path: string, text: string, mode = "644"): this {
    this.#list.push("write", path, text, mode);
    return this;
  }
  /** Moves the program into the cgroup of this `cgroup.procs` file. */
  join(procs: string): this {
    this.#list.push("join", procs);
    return this;
  }
  rlimit(which: number, value: number): this {
    this.#list.push("rlimit", String(which), String(value));
    return this;
  }
  umask(mask: string): this {
    this.#list.push("umask", mask);
    return this;
  }
  /** The whole command line, ending in the program that it becomes. */
  exec(program: readonly string[]): string[] {
    return ["perl", "-e", SCRIPT, ...CALLS, ...this.#list, "exec", ...program];
  }
}
