// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/**
 * A random walk over the states of one root, in which every command is killed somewhere. After each death the next command
 * is once a reader without rights and once a writer, and an independent script compares what lies on the disk with what
 * the old and the new state must look like. The first difference ends the walk with an error that says how to repeat it.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "#sys/process";
import { read, type Seen } from "#tests/crash/child.fixture";
import { type Death, randomOf, recordedCalls, strace } from "#tests/crash/deaths";
import { BUILDS, type Build, expectedListing, makeStones, nameOf } from "#tests/crash/packages";
import { type Program, type ProgramName, programOf } from "#tests/crash/programs";
import type { MadeStone } from "#tests/crash/stones";

export type Kind = "install" | "remove" | "upgrade" | "activate" | "prune";

/** A command, what the root must be once it has succeeded, and what it is called in counts. */
export interface Operation {
  readonly kind: Kind;
  readonly command: readonly string[];
  /** The builds of the live state afterwards. */
  readonly builds: readonly Build[];
  /** The state that must be live afterwards; absent for a new one. */
  readonly state?: number;
  /** States that are gone afterwards. */
  readonly removed: readonly number[];
}

export interface Outcome {
  /** False where the command ended before its death came. */
  readonly killed: boolean;
  /** Which state the disk held after the death. */
  readonly was: "old" | "new";
}

export interface WalkOptions {
  readonly program?: ProgramName;
  /** Where the root is made; a folder of its own where absent. */
  readonly folder?: string;
  /** Called after each death, before anybody looks. */
  readonly afterwards?: () => Promise<void>;
}

const CHILD = join(import.meta.dir, "child.fixture.ts");
const LISTING = join(import.meta.dir, "listing.sh");
const CHANGING = /write|rename|link|mkdir|rmdir|chmod|chown|utimens|sync|truncate|creat|setxattr|flock/;
const MODEL = "lib/system-model.kdl";
const DONE_ALREADY = /state\.active|it is the live one already|no installed package has this name/;
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

export class Walk implements Disposable {
  readonly base = mkdtempSync(join(tmpdir(), "crash-"));
  readonly root: string;
  /** Called after each death, before anybody looks; for power cuts. */
  readonly #afterwards: () => Promise<void>;
  readonly #random: (below: number) => number;
  readonly #program: Program;
  readonly #stones: ReadonlyMap<Build, MadeStone>;
  readonly #generated: string[] = [];
  /** What is known: the builds of every state there is, and which is live. */
  readonly states = new Map<number, readonly Build[]>();
  live = 0;

  private constructor(seed: number, { program = "child", folder, afterwards }: WalkOptions) {
    this.root = join(folder ?? this.base, "root");
    this.#afterwards = afterwards ?? (() => Promise.resolve());
    this.#program = programOf(program, this.root);
    this.#random = randomOf(seed);
    this.#stones = makeStones(join(this.base, "stones"));
    mkdirSync(this.root);
    // The reader without rights comes this way.
    for (const path of [this.base, this.root]) Bun.spawnSync(["chmod", "755", path]);
  }

  /** A root with a first state. */
  static async start(seed: number, options: WalkOptions = {}): Promise<Walk> {
    const walk = new Walk(seed, options);
    await walk.#command(walk.#set("install", ["base-1", "tool-1"]).command);
    const release = await run(["sha256sum", `${walk.root}/usr/lib/os-release`]);
    walk.#generated.push(`lib/os-release f 444 0:0 ${release.stdout.slice(0, 64)}`, `${MODEL} f 444 0:0 (any)`);
    await walk.#learn(["base-1", "tool-1"]);
    return walk;
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  #builds(): readonly Build[] {
    return this.states.get(this.live) ?? [];
  }

  #paths(builds: readonly Build[]): Map<Build, string> {
    return new Map(builds.map((build) => [build, this.#stones.get(build)?.path ?? ""]));
  }

  #set(kind: Operation["kind"], builds: readonly Build[]): Operation {
    return {
      kind,
      command: this.#program.set(this.#builds(), this.#paths(builds)),
      builds: [...builds].sort(),
      removed: [],
    };
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
      const command = this.#program.activate(state);
      return { kind, command, builds: this.states.get(state) ?? [], state, removed: [] };
    }
    if (kind === "prune") {
      const keep = Math.max(1, Math.min(others.length, 1 + this.#random(2)));
      const removed = others.sort((a, b) => b - a).slice(keep - 1);
      if (removed.length === 0) return undefined;
      return { kind, command: this.#program.prune(keep), builds, state: this.live, removed };
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
    await this.#command(["strace", "-f", "-o", trace, ...operation.command]);
    await this.#learn(operation.builds, operation);
    return recordedCalls(readFileSync(trace, "latin1"), this.root);
  }

  /** Starts a command, lets it die, and looks. `reader`: a reader without rights comes before the next writer. */
  async step(operation: Operation, death: Death, reader: boolean): Promise<Outcome> {
    const before = { live: this.live, builds: this.#builds() };
    let said = `"${operation.command.slice(2).join(" ")}" dying at ${JSON.stringify(death)}`;
    try {
      const killed = await this.#die(operation, death);
      await this.#afterwards();
      said += killed ? ", killed" : ", not killed";
      const was = await this.#compare(operation, before, reader);
      said += `, the ${was} state lives`;
      if (!killed && was === "old" && operation.state !== before.live)
        throw new Error("what was said to be done is lost");
      const writer = this.#random(3);
      said += `, next writer ${writer}`;
      await this.#recover(operation, was, before, writer);
      return { killed, was };
    } catch (error) {
      throw new Error(`${said}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  /** One of the deaths that were recorded: mostly at a call that changes something, at times at any. */
  pick(deaths: readonly Death[]): Death {
    const changing = deaths.filter((death) => "call" in death && CHANGING.test(death.call));
    const list = changing.length > 0 && this.#random(4) > 0 ? changing : deaths;
    return list[this.#random(list.length)] ?? { fault: "begun" };
  }

  async #die(operation: Operation, death: Death): Promise<boolean> {
    const { command } = operation;
    const result =
      "fault" in death
        ? await run(command, { env: { ...environment(), MOSS_FAULT: death.fault } })
        : await run([...strace(death), ...command], { env: environment() });
    if (result.code === 0) return false;
    if (result.code !== 137)
      throw new Error(`${command.join(" ")} ended with ${result.code}: ${result.stdout}${result.stderr}`);
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
    writer: number,
  ): Promise<void> {
    const builds = was === "old" ? before.builds : operation.builds;
    if (writer === 0) await this.#command(this.#program.recover());
    else if (writer === 1) await this.#command(operation.command, true);
    else await this.#command(this.#program.set(builds, this.#paths(builds)));
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
    await this.#command(operation.command);
    await this.#learn(operation.builds, operation);
  }

  /** Forgets every state but the live one, and with them the packages that only they had. */
  async forget(): Promise<void> {
    const removed = [...this.states.keys()].filter((id) => id !== this.live);
    const command = this.#program.prune(1);
    await this.perform({ kind: "prune", command, builds: this.#builds(), removed });
  }

  /** Makes every state live in turn and compares; then a check of all must find nothing. */
  async visitAll(): Promise<void> {
    // What is known of them is learnt anew on the way.
    const all = new Map(this.states);
    for (const [id, builds] of all) {
      if (id === this.live) continue;
      await this.#command(this.#program.activate(id));
      await this.#learn(builds);
    }
    await this.#command(this.#program.verify());
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

  /** Runs a command that must succeed; with `again`, it may say that its work is done already. */
  async #command(command: readonly string[], again = false): Promise<void> {
    const result = await run(command, { env: environment() });
    if (result.code === 0) return;
    const said = result.stdout + result.stderr;
    if (!again || !DONE_ALREADY.test(said)) throw new Error(`${command.join(" ")} failed: ${said}`);
    // What is refused need not have put anything right.
    await this.#command(this.#program.recover());
  }

  async #readAsNobody(): Promise<Seen> {
    const result = await run([...NOBODY, process.execPath, CHILD, "read", this.root], { env: environment() });
    if (result.code !== 0) throw new Error(`a reader failed: ${result.stdout}${result.stderr}`);
    return JSON.parse(result.stdout) as Seen; // our own child's line
  }

  async #listing(): Promise<string> {
    const { code, stdout, stderr } = await run([LISTING, "tree", `${this.root}/usr`]);
    if (code !== 0) throw new Error(`listing failed: ${stderr}`);
    // The model names collections and packages; its text is checked by those who write it.
    return stdout.trim().replace(new RegExp(`^(${MODEL} f [0-7]+ [0-9:]+) [0-9a-f]{64}$`, "m"), "$1 (any)");
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
