// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * The program that stands between us and bubblewrap: it enters the outer namespaces, mounts the overlay there and becomes
 * bubblewrap. Bubblewrap 0.8 cannot mount overlays, and the shell would need a process for each mount: it would cost as
 * much as bubblewrap itself. Perl is essential in Debian, starts in under a millisecond and can make any system call.
 *
 * It decides nothing. It is given steps, each a name and a fixed number of arguments (see `Steps`), and does them in
 * order; the last becomes another program. A step that fails is reported on descriptor 3 and ends it with code 125. The
 * steps come from descriptor 4, so that it can be started before they are known; where they do not come, it ends.
 */
import type { Identity } from "#container/identity";

const SCRIPT = String.raw`
my ($UNSHARE, $MOUNT, $PRLIMIT, $PRCTL, $EXIT_GROUP, $MEMFD, $MKNODAT, $CALLER) = @ARGV;
sub failed { syswrite(OUT, "failed\t@_: $!\n"); exit 125 }
$^F = 3; # the descriptor goes on to bubblewrap
open(OUT, '>&=', 3);
sub put { my ($path, $text, $mode) = @_;
  sysopen(my $f, $path, defined $mode ? 0301 : 1, defined $mode ? oct $mode : 0) or failed("open", $path);
  while (length $text) { my $n = syswrite($f, $text); defined $n or failed("write", $path); $text = substr $text, $n }
  close $f or failed("close", $path) }
sub map_other { my ($how, $pid, $uids, $gids) = @_;
  if ($how eq "direct") { put("/proc/$pid/uid_map", $uids); put("/proc/$pid/gid_map", $gids); return }
  my @u = split ' ', $uids; my @g = split ' ', $gids;
  system("newuidmap", $pid, @u) == 0 or failed("newuidmap", $uids);
  system("newgidmap", $pid, @g) == 0 or failed("newgidmap", $gids) }
# Ends this process when its parent ends, also where that has happened already. A change of rights takes it away.
sub die_with { my ($parent) = @_;
  syscall($PRCTL, 1, 9, 0, 0, 0) == 0 or failed("prctl");
  defined $parent && getppid() != $parent and exit 125 }
# Waits for one byte from another process, or ends this one where that has gone.
sub await_byte { my ($r, $byte) = @_; sysread($r, $byte, 1) or exit 125 }
sub enter { my ($flags, $how, $uids, $gids) = @_;
  my ($helper, $r, $w);
  if ($how eq "tool" || $how eq "direct") {
    pipe($r, $w) or failed("pipe");
    my $parent = $$;
    $helper = fork; defined $helper or failed("fork");
    if (!$helper) { close $w; await_byte($r); map_other($how, $parent, $uids, $gids); exit 0 }
    close $r }
  syscall($UNSHARE, $flags + 0) == 0 or failed("unshare", $flags);
  if ($helper) { syswrite($w, "x"); close $w; waitpid($helper, 0); exit 125 if $? }
  elsif ($uids) { put("/proc/self/setgroups", "deny"); put("/proc/self/uid_map", $uids); put("/proc/self/gid_map", $gids) }
  die_with($CALLER) }
# Writes the maps of the user namespace that bubblewrap (process 1) makes for its child, once it has told which that is.
sub map_command { my ($told, $go, $uids, $gids, $proc) = @_;
  my ($text, $pid) = ("");
  until (($pid) = $text =~ /"child-pid": *(\d+)\D/) { sysread($told, $text, 4096, length $text) or return }
  put("$proc/$pid/uid_map", $uids); put("$proc/$pid/gid_map", $gids);
  syswrite($go, "x") }
# Goes on as process 1 of the process namespace that was entered, which ends when the program that was started does.
# With flags, that process enters a user namespace of its own, and this one, which has the right to, writes its maps.
sub child { my ($flags, $uids, $gids, $proc, $apart) = @_;
  my ($r, $w, $r2, $w2, $told, $go);
  pipe($r, $w) or failed("pipe");
  $apart and (pipe($told, TELL) && pipe(WAIT, $go) or failed("pipe"));
  $flags and (pipe($r2, $w2) or failed("pipe"));
  my $child = fork; defined $child or failed("fork");
  if ($child) {
    syswrite(OUT, "child\t$child\n");
    close $w; await_byte($r);
    if ($flags) {
      close $r2;
      map_other("direct", $child, $uids, $gids);
      syswrite($w2, "x") }
    if ($apart) {
      close TELL; close WAIT;
      map_command($told, $go, $uids, $gids, $proc);
      close $go }
    waitpid($child, 0);
    # Someone waits for this: nothing is tidied up before.
    syscall($EXIT_GROUP, $? & 127 ? 128 + ($? & 127) : $? >> 8) }
  close $r; close $w2 if $flags;
  # Here, because only who owns the process namespace may mount what shows it: MS_NOSUID | MS_NODEV | MS_NOEXEC.
  my ($type, $none) = ("proc", "");
  length $proc and (syscall($MOUNT, $type, $proc, $type, 14, $none) == 0 or failed("mount", $proc));
  $flags and (syscall($UNSHARE, $flags + 0) == 0 or failed("unshare", $flags));
  # After the change of rights, which would take it away. The byte cannot be written where the other has already gone.
  die_with();
  syswrite($w, "x"); close $w;
  await_byte($r2) if $flags;
  $apart or return;
  close $told; close $go;
  for my $end (*TELL, *WAIT) { fcntl($end, 2, 0) or failed("fcntl") } # F_SETFD: bubblewrap gets them
  # The second time it only finds the end, and closes it: the command would inherit it otherwise.
  push @APART, ("--unshare-user", "--info-fd", fileno TELL, "--userns-block-fd", fileno WAIT, "--block-fd", fileno WAIT) }
# A device: a node of its own, or the host's one, read-only, since whoever owns a node may change its mode. What is written
# to the device itself does not ask for a writable mount. MS_BIND, then MS_REMOUNT, MS_RDONLY, MS_NOEXEC and MS_NOSUID too.
sub device { my ($path, $number, $from) = @_;
  $number && syscall($MKNODAT, -100, $path, 020666, $number + 0) == 0 and return;
  my $none = "";
  put($path, "", "644");
  syscall($MOUNT, $from, $path, $none, 0x1000, $none) == 0 or failed("mount", $path);
  syscall($MOUNT, $none, $path, $none, 0x102b, $none) == 0 or failed("mount", $path) }
# Where the caller's stdin, stdout or stderr are its /dev/null, they become ours: who owns the node may change its mode.
sub own_null { my ($null) = @_;
  for my $file (*STDIN, *STDOUT, *STDERR) { my @found = stat $file;
    @found && ($found[2] & 0170000) == 020000 && $found[6] == 0x103 or next;
    open($file, '+<', $null) or failed("open", $null) } }
# Hands bytes to bubblewrap in a nameless file: after an option, its descriptor.
sub pass { my ($option, $form, $bytes) = @_;
  my $name = "moss-container";
  my $fd = syscall($MEMFD, $name, 0);
  $fd >= 0 && open(my $f, '+<&=', $fd) or failed("memfd_create");
  $bytes = pack $form, $bytes;
  defined syswrite($f, $bytes) && defined sysseek($f, 0, 0) && fcntl($f, 2, 0) or failed("pass", $option); # F_SETFD
  push @KEPT, $f; # open until the exec
  push @APART, $option, $fd }
open(STEPS, '<&=', 4);
my $text = "";
1 while sysread(STEPS, $text, 65536, length $text);
close STEPS;
# Fewer than announced: who would have sent them has ended, or could not make them. Nothing has been done yet.
my ($size) = unpack "N", $text;
defined $size && length $text == $size + 4 or exit 125;
@ARGV = unpack "x4 (N/a*)*", $text;
while (@ARGV) {
  my $step = shift @ARGV;
  if ($step eq "mount") { my ($src, $dst, $type, $flags, $data) = splice @ARGV, 0, 5;
    syscall($MOUNT, $src, $dst, $type, $flags + 0, $data) == 0 or failed("mount", $type, $dst, $data) }
  elsif ($step eq "mkdir") { my ($path, $mode) = splice @ARGV, 0, 2; -d $path or mkdir($path, oct $mode) or failed("mkdir", $path) }
  elsif ($step eq "write") { put(splice @ARGV, 0, 3) }
  elsif ($step eq "join") { put(shift @ARGV, "$$") }
  elsif ($step eq "symlink") { my ($to, $path) = splice @ARGV, 0, 2; symlink($to, $path) or failed("symlink", $path) }
  elsif ($step eq "device") { device(splice @ARGV, 0, 3) }
  elsif ($step eq "null") { own_null(shift @ARGV) }
  elsif ($step eq "pass") { pass(splice @ARGV, 0, 3) }
  elsif ($step eq "umask") { umask oct shift @ARGV }
  elsif ($step eq "rlimit") { my ($which, $value) = splice @ARGV, 0, 2; my $pair = pack("QQ", $value, $value);
    syscall($PRLIMIT, 0, $which + 0, $pair, 0) == 0 or failed("setrlimit", $which, $value) }
  elsif ($step eq "enter") { enter(splice @ARGV, 0, 4) }
  elsif ($step eq "child") { child(splice @ARGV, 0, 5) }
  elsif ($step eq "exec") { splice @ARGV, 1, 0, @APART; exec { $ARGV[0] } @ARGV; failed("exec", $ARGV[0]) }
  else { $! = 22; failed("step", $step) } }
`;

const ARM = process.arch === "arm64";
/** Numbers of unshare, mount, prlimit64, prctl, exit_group, memfd_create and mknodat. */
const CALLS = ARM ? ["97", "40", "261", "167", "94", "279", "33"] : ["272", "165", "302", "157", "231", "319", "259"];

const CLONE_NEWNS = 0x0002_0000;
const CLONE_NEWUSER = 0x1000_0000;
const CLONE_NEWPID = 0x2000_0000;
const CLONE_NEWCGROUP = 0x0200_0000;
const MS_REC_PRIVATE = 0x4_4000;
/** Bytes of a size before a step's word. */
const WORD = 4;

/** Collects steps for the program. */
export class Steps {
  readonly #list: string[] = [];

  /**
   * New mount and process namespaces with the caller's rights; mounts of the host no longer follow. With `groups`, the
   * control group that was joined before is the root of all that are seen.
   */
  enterAsCaller(groups = false): this {
    const flags = CLONE_NEWNS | CLONE_NEWPID | (groups ? CLONE_NEWCGROUP : 0);
    this.#list.push("enter", String(flags), "none", "", "");
    return this.mount("none", "/", "none", MS_REC_PRIVATE, "");
  }
  /** The same, in a new user namespace. */
  enterAsUser(identity: Identity): this {
    const flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER;
    this.#list.push("enter", String(flags), identity.how, identity.uids, identity.gids);
    return this.mount("none", "/", "none", MS_REC_PRIVATE, "");
  }
  /**
   * Goes on as process 1 of the new process namespace, and dies with the program that was started: all that comes later
   * dies with it, at whatever moment that is killed. (Bubblewrap killed in its first steps would leave a child behind.)
   * With an identity, in a user namespace whose maps this program's rights allow. With a folder, /proc of the new process
   * namespace is mounted there.
   */
  child(identity?: Identity, proc = ""): this {
    const flags = identity === undefined ? 0 : CLONE_NEWUSER;
    this.#list.push("child", String(flags), identity?.uids ?? "", identity?.gids ?? "", proc, "");
    return this;
  }
  /**
   * The same, and bubblewrap makes the user namespace for the command alone, with these maps. It stays outside of that:
   * its root is the host's, and who has its rights could follow /proc/1/root there, or trace it.
   */
  childApart(uids: string, gids: string, proc: string): this {
    this.#list.push("child", "0", uids, gids, proc, "1");
    return this;
  }
  mount(source: string, target: string, type: string, flags: number, data: string): this {
    this.#list.push("mount", source, target, type, String(flags), data);
    return this;
  }
  mkdir(path: string, mode = "755"): this {
    this.#list.push("mkdir", path, mode);
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
  symlink(target: string, path: string): this {
    this.#list.push("symlink", target, path);
    return this;
  }
  /** Makes a device at a path: with a number a node of its own where that is allowed, else the one at `from`, read-only. */
  device(path: string, from: string, number = 0): this {
    this.#list.push("device", path, String(number), from);
    return this;
  }
  /** Takes the null device at this path for the caller's, where that is what it has for stdin, stdout or stderr. */
  ownNull(path: string): this {
    this.#list.push("null", path);
    return this;
  }
  /** Hands bubblewrap a file with this text after the option, which takes its descriptor; with `hex`, the bytes it names. */
  pass(option: string, text: string, hex = false): this {
    this.#list.push("pass", option, hex ? "H*" : "a*", text);
    return this;
  }
  umask(mask: string): this {
    this.#list.push("umask", mask);
    return this;
  }
  /** All steps, ending in the program that it becomes, as it reads them: their size, then each with its own before it. */
  exec(program: readonly string[]): Buffer {
    const words = [...this.#list, "exec", ...program];
    const size = words.reduce((sum, word) => sum + WORD + Buffer.byteLength(word), 0);
    const bytes = Buffer.allocUnsafe(WORD + size);
    bytes.writeUInt32BE(size);
    let at = WORD;
    for (const word of words) {
      const length = bytes.write(word, at + WORD);
      at = bytes.writeUInt32BE(length, at) + length;
    }
    return bytes;
  }
}

/** The command line of the program; its descriptor 3 takes reports, and 4 gives the steps. */
export function outerCommand(): string[] {
  return ["perl", "-e", SCRIPT, ...CALLS, String(process.pid)];
}
