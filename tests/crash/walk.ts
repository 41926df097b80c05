// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A random walk over the states of one root, in which every command is killed somewhere. After each death the next command
 * is once a reader without rights and once a writer, and an independent script compares what lies on the disk with what
 * the old and the new state must look like. The first difference ends the walk with an error that says how to repeat it.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "#sys/process";
import { read, type Seen } from "#tests/crash/child.fixture";
import { BUILDS, type Build, expectedListing, makeStones, nameOf } from "#tests/crash/packages";
import type { MadeStone } from "#tests/crash/stones";

export type Kind = "install" | "remove" | "upgrade" | "activate" | "prune";

/** A command, what the root must be once it has succeeded, and what it is called in counts. */
export interface Operation {
  readonly kind: Kind;
  readonly args: readonly string[];
  /** The builds of the live state afterwards. */
  readonly builds: readonly Build[];
  /** The state that must be live afterwards; absent for a new one. */
  readonly state?: number;
  /** States that are gone afterwards. */
  readonly removed: readonly number[];
}

/** How a command is to die: the `when`-th call of a system call in some thread, or a step of the journal. */
export type Death = { readonly call: string; readonly when: number } | { readonly fault: string };

export interface Outcome {
  /** False where the command ended before its death came. */
  readonly killed: boolean;
  /** Which state the disk held after the death. */
  readonly was: "old" | "new";
}

/** A pseudo-random number generator, so that a walk can be repeated. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const CHILD = join(import.meta.dir, "child.fixture.ts");
const LISTING = join(import.meta.dir, "listing.sh");
const CHANGING = /write|rename|link|mkdir|rmdir|chmod|chown|utimens|sync|truncate|creat|setxattr|flock/;
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

export class Walk implements Disposable {
  readonly base = mkdtempSync(join(tmpdir(), "crash-"));
  readonly root = join(this.base, "root");
  readonly #random: (below: number) => number;
  readonly #stones: ReadonlyMap<Build, MadeStone>;
  readonly #generated: string[] = [];
  /** What is known: the builds of every state there is, and which is live. */
  readonly states = new Map<number, readonly Build[]>();
  live = 0;

  private constructor(seed: number) {
    this.#random = randomOf(seed);
    this.#stones = makeStones(join(this.base, "stones"));
    mkdirSync(this.root);
    // The reader without rights comes this way.
    for (const path of [this.base, this.root]) Bun.spawnSync(["chmod", "755", path]);
  }

  /** A root with a first state. */
  static async start(seed: number): Promise<Walk> {
    const walk = new Walk(seed);
    await walk.#command(walk.#set("install", ["base-1", "tool-1"]));
    for (const path of ["lib/os-release", "lib/system-model.kdl"]) {
      const text = readFileSync(`${walk.root}/usr/${path}`);
      walk.#generated.push(`${path} f 444 0:0 ${new Bun.CryptoHasher("sha256").update(text).digest("hex")}`);
    }
    await walk.#learn(["base-1", "tool-1"]);
    return walk;
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  #builds(): readonly Build[] {
    return this.states.get(this.live) ?? [];
  }

  #set(kind: Operation["kind"], builds: readonly Build[]): Operation {
    const args = ["set", this.root, ...builds.map((build) => this.#stones.get(build)?.path ?? "")];
    return { kind, args, builds: [...builds].sort(), removed: [] };
  }

  /** Some command that changes something. */
  choose(): Operation {
    return this.chooseOf(["install", "remove", "upgrade", "activate", "prune"]);
  }

  /** A command of one of these kinds, or an upgrade where none of them has anything to do. */
  chooseOf(kinds: readonly Kind[]): Operation {
    const kind = kinds[this.#random(kinds.length)] ?? "upgrade";
    return this.#operation(kind) ?? this.#operation("upgrade") ?? this.#set("install", ["base-1", "tool-1"]);
  }

  #operation(kind: Kind): Operation | undefined {
    const builds = this.#builds();
    const names = new Set(builds.map(nameOf));
    const any = <T>(list: readonly T[]): T | undefined => list[this.#random(list.length)];
    const others = [...this.states.keys()].filter((id) => id !== this.live);
    if (kind === "activate") {
      const state = any(others);
      if (state === undefined) return undefined;
      const args = ["activate", this.root, String(state)];
      return { kind, args, builds: this.states.get(state) ?? [], state, removed: [] };
    }
    if (kind === "prune") {
      const keep = Math.max(1, Math.min(others.length, 1 + this.#random(2)));
      const removed = others.sort((a, b) => b - a).slice(keep - 1);
      if (removed.length === 0) return undefined;
      return { kind, args: ["prune", this.root, String(keep)], builds, state: this.live, removed };
    }
    if (kind === "remove") {
      const gone = any(builds.filter((build) => nameOf(build) !== "base"));
      const kept = builds.filter((build) => build !== gone);
      return gone === undefined ? undefined : this.#set(kind, kept);
    }
    if (kind === "install") {
      const fresh = any(BUILDS.filter((build) => !names.has(nameOf(build))));
      return fresh === undefined ? undefined : this.#set(kind, [...builds, fresh]);
    }
    const other = any(BUILDS.filter((build) => !builds.includes(build) && names.has(nameOf(build))));
    // Without anything to upgrade, the tool comes back in another build.
    if (other === undefined) return this.#set("install", [...builds, "tool-2"]);
    const next = builds.map((build) => (nameOf(build) === nameOf(other) ? other : build));
    return this.#set(kind, next);
  }

  /** The calls that a command makes from the moment at which it knows its root, in their order. The command is carried out. */
  async record(operation: Operation): Promise<Death[]> {
    const trace = join(this.base, "trace");
    await this.#command(operation, ["strace", "-f", "-o", trace]);
    await this.#learn(operation.builds, operation);
    const counts = new Map<string, number>();
    const deaths: Death[] = [];
    let started = false;
    for (const text of readFileSync(trace, "latin1").split("\n")) {
      const [, thread, call] = /^(\d+) +([a-z_0-9]+)\(/.exec(text) ?? [];
      if (thread === undefined || call === undefined) continue;
      const when = (counts.get(`${thread} ${call}`) ?? 0) + 1;
      counts.set(`${thread} ${call}`, when);
      started ||= text.includes(this.root) && call !== "execve";
      if (started && !call.startsWith("exit")) deaths.push({ call, when });
    }
    return deaths;
  }

  /** Starts a command, lets it die, and looks. `reader`: a reader without rights comes before the next writer. */
  async step(operation: Operation, death: Death, reader: boolean): Promise<Outcome> {
    const before = { live: this.live, builds: this.#builds() };
    const killed = await this.#die(operation, death);
    const was = await this.#compare(operation, before, reader);
    await this.#recover(operation, was, before);
    return { killed, was };
  }

  /** One of the deaths that were recorded: mostly at a call that changes something, at times at any. */
  pick(deaths: readonly Death[]): Death {
    const changing = deaths.filter((death) => "call" in death && CHANGING.test(death.call));
    const list = changing.length > 0 && this.#random(4) > 0 ? changing : deaths;
    return list[this.#random(list.length)] ?? { fault: "begun" };
  }

  async #die(operation: Operation, death: Death): Promise<boolean> {
    const command = [process.execPath, CHILD, ...operation.args];
    const result =
      "fault" in death
        ? await run(command, { env: { ...environment(), MOSS_FAULT: death.fault } })
        : await run(
            [
              "strace",
              "-f",
              "-qq",
              "-o",
              "/dev/null",
              `--trace=${death.call}`,
              `--inject=${death.call}:signal=KILL:when=${death.when}`,
              ...command,
            ],
            { env: environment() },
          );
    if (result.code === 0) return false;
    if (result.code !== 137)
      throw new Error(`${operation.args.join(" ")} ended with ${result.code}: ${result.stdout}${result.stderr}`);
    return true;
  }

  /** What lies on the disk, which must be the old or the new state, and what the reader says of it. */
  async #compare(
    operation: Operation,
    before: { readonly live: number; readonly builds: readonly Build[] },
    reader: boolean,
  ): Promise<"old" | "new"> {
    const listing = await this.#listing();
    const id = Number(readFileSync(`${this.root}/usr/.stateID`, "utf8"));
    const isOld = id === before.live;
    this.#equal(
      listing,
      expectedListing(isOld ? before.builds : operation.builds, this.#generated),
      `state ${id} on the disk`,
    );
    if (!isOld && this.states.has(id) && id !== operation.state)
      throw new Error(`state ${id} is live and was not asked for`);
    if (reader) {
      const seen = await this.#readAsNobody();
      if (seen.active !== id) throw new Error(`a reader says that state ${seen.active} is live, the disk has ${id}`);
      const builds = seen.states.find((state) => state.id === id)?.builds.toSorted();
      this.#equal(
        builds?.join(" ") ?? "",
        (isOld ? before.builds : operation.builds).toSorted().join(" "),
        "a reader's list",
      );
    }
    return isOld ? "old" : "new";
  }

  /** The next writer, and that nothing is left undone after it. */
  async #recover(
    operation: Operation,
    was: "old" | "new",
    before: { readonly builds: readonly Build[] },
  ): Promise<void> {
    const writer = this.#random(3);
    const builds = was === "old" ? before.builds : operation.builds;
    if (writer === 0) await this.#command({ ...operation, args: ["recover", this.root] });
    else if (writer === 1) await this.#command(operation, [], true);
    else await this.#command(this.#set("install", builds));
    await this.#learn(writer === 1 ? operation.builds : builds, operation);
  }

  /** Takes over what the root says of its states, where it agrees with what is known. */
  async #learn(builds: readonly Build[], operation?: Operation): Promise<void> {
    const seen = read(this.root);
    if (seen.pending !== undefined) throw new Error(`the journal still says ${seen.pending}`);
    const listed = new Map(seen.states.map(({ id, builds: list }) => [id, list.toSorted()]));
    for (const [id, known] of this.states) {
      const list = listed.get(id);
      if (list === undefined && operation?.removed.includes(id) !== true) throw new Error(`state ${id} is lost`);
      if (list !== undefined) this.#equal(list.join(" "), known.toSorted().join(" "), `packages of state ${id}`);
    }
    this.states.clear();
    for (const [id, list] of listed) this.states.set(id, list);
    this.live = seen.active;
    this.#equal(this.#builds().join(" "), builds.toSorted().join(" "), "packages of the live state");
    this.#equal(await this.#listing(), expectedListing(builds, this.#generated), "the tree after the next writer");
    const places = readdirSync(`${this.root}/.moss/root`).sort();
    this.#equal(
      places.join(" "),
      seen.places
        .filter((place) => place !== "live")
        .toSorted()
        .join(" "),
      "the trees on the disk",
    );
    const bad = await run([LISTING, "store", `${this.root}/.moss/assets`]);
    this.#equal(bad.stdout + bad.stderr, "", "bad files in the store");
  }

  /** Carries a command out. */
  async perform(operation: Operation): Promise<void> {
    await this.#command(operation);
    await this.#learn(operation.builds, operation);
  }

  /** Forgets every state but the live one, and with them the packages that only they had. */
  async forget(): Promise<void> {
    const removed = [...this.states.keys()].filter((id) => id !== this.live);
    const args = ["prune", this.root, "1"];
    await this.perform({ kind: "prune", args, builds: this.#builds(), removed });
  }

  /** Makes every state live in turn and compares; then a check of all must find nothing. */
  async visitAll(): Promise<void> {
    // What is known of them is learnt anew on the way.
    const all = new Map(this.states);
    for (const [id, builds] of all) {
      if (id === this.live) continue;
      await this.#command({ kind: "activate", args: ["activate", this.root, String(id)], builds, removed: [] });
      await this.#learn(builds);
    }
    const found = await run([process.execPath, CHILD, "verify", this.root], { env: environment() });
    this.#equal(found.stdout, "[]\n", "what a check finds");
  }

  /** Spoils one file of the store, which the live tree shares, and removes another. */
  async damage(): Promise<void> {
    const { stdout } = await run(["find", `${this.root}/.moss/assets`, "-type", "f", "-size", "-64k"]);
    const [spoilt, removed] = stdout.trim().split("\n").sort();
    if (spoilt === undefined || removed === undefined) throw new Error("the store is empty");
    await run([
      "bash",
      "-c",
      `chmod u+w "$1" && echo spoilt >"$1" && chmod u-w "$1" && rm -f "$2"`,
      "-",
      spoilt,
      removed,
    ]);
  }

  /** A repair that dies at a step, and then one that does not: nothing may be left to find. */
  async killRepair(step: string): Promise<void> {
    const stones = [...this.#stones.values()].map(({ path }) => path);
    const command = [process.execPath, CHILD, "repair", this.root, ...stones];
    const killed = await run(command, { env: { ...environment(), MOSS_FAULT: step } });
    if (killed.code !== 137) throw new Error(`the repair did not die at ${step}: ${killed.stdout}${killed.stderr}`);
    const repaired = await run(command, { env: environment() });
    this.#equal(repaired.stdout, "[]\n", "what is left after the repair");
    await this.#learn(this.#builds());
    await this.visitAll();
  }

  async #command(operation: Operation, wrap: readonly string[] = [], again = false): Promise<void> {
    const result = await run([...wrap, process.execPath, CHILD, ...operation.args], { env: environment() });
    // A command that is given again may find its work done.
    if (result.code === 0 || (again && result.stdout.includes('"state.active"'))) return;
    throw new Error(`${operation.args.join(" ")} failed: ${result.stdout}${result.stderr}`);
  }

  async #readAsNobody(): Promise<Seen> {
    const result = await run([...NOBODY, process.execPath, CHILD, "read", this.root], { env: environment() });
    if (result.code !== 0) throw new Error(`a reader failed: ${result.stdout}${result.stderr}`);
    return JSON.parse(result.stdout) as Seen; // our own child's line
  }

  async #listing(): Promise<string> {
    const { code, stdout, stderr } = await run([LISTING, "tree", `${this.root}/usr`]);
    if (code !== 0) throw new Error(`listing failed: ${stderr}`);
    return stdout.trim();
  }

  #equal(found: string, expected: string, what: string): void {
    if (found === expected) return;
    const wanted = new Set(expected.split("\n"));
    const had = new Set(found.split("\n"));
    const extra = [...had].filter((text) => !wanted.has(text));
    const missing = [...wanted].filter((text) => !had.has(text));
    throw new Error(`${what}: found ${extra.slice(0, 5).join("; ")}, expected ${missing.slice(0, 5).join("; ")}`);
  }
}

function environment(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: "/", TMPDIR: tmpdir() };
}

/** Why crash tests cannot run here, or undefined where they can. */
export function walkNeeds(): string | undefined {
  if (process.getuid?.() !== 0) return "root, for owners and for the reader without rights";
  return ["strace", "setpriv", "find", "sha256sum"].find(
    (tool) => Bun.which(tool) === null && !existsSync(`/usr/bin/${tool}`),
  );
}
