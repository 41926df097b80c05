// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** `moss collection add`. */
import { Failure } from "#base/errors";
import { nearest } from "#base/nearest";
import { openForChange } from "#cli/moss/engine";
import { watch } from "#cli/moss/watch";
import type { Invocation } from "#cli/spec";
import { describeSource } from "#collections/model";
import { addCollection, dropCollection, type NewCollection, refreshCollections } from "#moss/collections";

const KEYS = ["version", "channel", "arch"];

/** `version=stream/volatile,channel=main,arch=x86_64`; only the version must be there. */
function rootIndexOf(text: string): NonNullable<NewCollection["rootIndex"]> {
  const values = new Map<string, string>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    const key = part.slice(0, Math.max(0, at));
    if (!KEYS.includes(key)) {
      const near = nearest(key, KEYS);
      throw new Failure(
        "usage",
        `Cannot use "${part}" for --root-index: expected version, channel or arch with a value`,
        {
          hint: near === undefined ? "Such as --root-index version=stream/volatile." : `Did you mean "${near}"?`,
        },
      );
    }
    values.set(key, part.slice(at + 1));
  }
  const version = values.get("version") ?? "";
  if (version === "") {
    throw new Failure(
      "usage",
      `Cannot use "${text}" for --root-index: it has no version, expected version=stream/NAME`,
    );
  }
  return { version, channel: values.get("channel") ?? "main", arch: values.get("arch") ?? "x86_64" };
}

export async function run(invocation: Invocation): Promise<void> {
  const { ui, operands, options } = invocation;
  const [name = "", place] = operands;
  const description = options.text("comment");
  const rootIndex = options.text("root-index");
  const priority = options.number("priority");
  using moss = await openForChange(invocation);
  const item = await addCollection(moss, {
    name,
    ...(place === undefined ? {} : { place }),
    ...(description === undefined ? {} : { description }),
    ...(rootIndex === undefined ? {} : { rootIndex: rootIndexOf(rootIndex) }),
    ...(priority === undefined ? {} : { priority }),
  });
  const added = `${ui.style.green(`Added ${item.name}`)}, priority ${item.priority}: ${describeSource(item.source)}`;
  if (options.flag("no-refresh")) {
    ui.event({ type: "added", collection: item.name, source: item.source, priority: item.priority });
    ui.say(added);
    return;
  }
  using watcher = watch(ui);
  try {
    await refreshCollections(moss, { names: [name], must: true, onEvent: watcher.on });
  } catch (error) {
    await dropCollection(moss, name);
    if (!(error instanceof Failure)) throw error;
    const hint = `${name} was not added. --no-refresh adds a collection that cannot be reached now.`;
    throw new Failure(error.code, error.message, { hint, cause: error.cause });
  }
  ui.event({ type: "added", collection: item.name, source: item.source, priority: item.priority });
  ui.say(added);
}
