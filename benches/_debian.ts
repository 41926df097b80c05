// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** Parts of benches: a root of dpkg and apt as large as ours, and a .deb with the files of the probe. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { measured, must, type Ran } from "./_floor.ts";
import { probeFiles } from "./_synthetic.ts";
import { type BenchSystem, floorBlit, type TreeList } from "./_system.ts";

export interface Debian {
  dpkg(): Promise<Ran>;
  apt(): Promise<Ran>;
  /** Takes the package out again, with all that is known of it. */
  purge(): Promise<unknown>;
}

const FIELDS =
  "Maintainer: none <none@example.org>\nArchitecture: all\nVersion: 1\nDescription: a package of a bench\n";

/** Lists of files as dpkg keeps them, one a package, of about as many paths as the tree has. */
function writeAdmin(admin: string, list: TreeList, packages: number): void {
  for (const name of ["info", "updates", "triggers"]) mkdirSync(join(admin, name), { recursive: true });
  writeFileSync(join(admin, "available"), "");
  const paths: string[] = [];
  const here: string[] = ["/usr"];
  for (const line of readFileSync(list.path, "utf8").split("\n")) {
    const name = line.slice(2).split("\t")[0] ?? "";
    if (line.startsWith("U")) here.pop();
    else if (line !== "") paths.push(`${here.join("/")}/${name}`);
    if (line.startsWith("D")) here.push(name);
  }
  const share = Math.ceil(paths.length / packages);
  const stanzas: string[] = [];
  for (let i = 0; i < packages; i++) {
    const name = `synthetic-${String(i).padStart(5, "0")}`;
    stanzas.push(`Package: ${name}\nStatus: install ok installed\n${FIELDS}`);
    const own = ["/.", "/usr", ...paths.slice(i * share, (i + 1) * share)];
    writeFileSync(join(admin, "info", `${name}.list`), `${own.join("\n")}\n`);
  }
  writeFileSync(join(admin, "status"), `${stanzas.join("\n")}\n`);
}

async function makeDeb(folder: string): Promise<string> {
  const tree = join(folder, "probe");
  for (const [path, text] of Object.entries(probeFiles("1"))) {
    mkdirSync(dirname(join(tree, "usr", path)), { recursive: true });
    writeFileSync(join(tree, "usr", path), text);
  }
  mkdirSync(join(tree, "DEBIAN"));
  writeFileSync(join(tree, "DEBIAN/control"), `Package: probe\n${FIELDS}`);
  const repository = join(folder, "repository");
  mkdirSync(repository);
  const deb = join(repository, "probe.deb");
  await must(["dpkg-deb", "--root-owner-group", "--build", tree, deb]);
  writeFileSync(join(repository, "Packages"), await must(["dpkg-scanpackages", "-m", "."], { cwd: repository }));
  return deb;
}

/** The same tree, linked by the floor, with dpkg's and apt's own states beside it. */
export async function makeDebian(folder: string, system: BenchSystem, list: TreeList, blit: string): Promise<Debian> {
  const root = join(folder, "debian");
  mkdirSync(root);
  await floorBlit(blit, list, system.root, join(root, "usr"));
  const admin = join(root, "var/lib/dpkg");
  writeAdmin(admin, list, system.packages);
  const deb = await makeDeb(folder);
  const apt = join(folder, "apt");
  for (const name of ["state/lists/partial", "cache/archives/partial", "etc", "log"]) {
    mkdirSync(join(apt, name), { recursive: true });
  }
  writeFileSync(join(apt, "etc/sources.list"), `deb [trusted=yes] copy:${dirname(deb)} ./\n`);
  const options = [`--admindir=${admin}`, `--instdir=${root}`, "--force-unsafe-io", "--force-bad-path"];
  const config = join(apt, "apt.conf");
  writeFileSync(
    config,
    [
      "#clear DPkg::Pre-Install-Pkgs;",
      "#clear DPkg::Post-Invoke;",
      "#clear DPkg::Pre-Invoke;",
      "#clear APT::Update::Post-Invoke;",
      "#clear APT::Update::Post-Invoke-Success;",
      `Dir::Etc "${apt}/etc";`,
      `Dir::State "${apt}/state";`,
      `Dir::State::status "${admin}/status";`,
      `Dir::Cache "${apt}/cache";`,
      `Dir::Log "${apt}/log";`,
      'APT::Sandbox::User "root";',
      ...options.map((option) => `DPkg::Options:: "${option}";`),
      "",
    ].join("\n"),
  );
  await must(["apt-get", "-c", config, "update", "-qq"]);
  return {
    dpkg: () => measured(["dpkg", ...options, "-i", deb]),
    apt: () =>
      measured(["apt-get", "-c", config, "install", "-y", "-qq", "--no-install-recommends", "probe"], {
        env: { DEBIAN_FRONTEND: "noninteractive" },
      }),
    purge: () => must(["dpkg", ...options, "--purge", "probe"]),
  };
}
