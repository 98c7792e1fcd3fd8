// Reads features of one or many keys as serving does. Words with = are keys and request values, the others are views or features; a name that comes
// again starts the next key.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { formatInstant, SlipwayError, valueText, valueToJson } from "../../core/core.ts";
import { type FeatureReads, valueStatus } from "../../platform/platform.ts";
import { type Key, keysOf } from "../key-words.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText, roughly } from "../words.ts";

/** `slipway features read <words...>` */
export async function run(
  context: CommandContext,
  options: { readonly at?: string; readonly key?: readonly string[]; readonly keys?: string },
  words: readonly string[],
): Promise<void> {
  const names = words.filter((word) => !word.includes("="));
  await withPlatform(
    context,
    async ({ features }) => {
      const selection = features.select(names);
      const given = keysOf([...words.filter((word) => word.includes("=")), ...(options.key ?? [])], selection.fields);
      const filed = options.keys === undefined ? [] : await keysIn(resolve(context.host.cwd, options.keys));
      const keys = [...given, ...filed];
      if (keys.length === 0) {
        const example = selection.fields.map(({ name }) => `${name}=…`).join(" ");
        throw new SlipwayError("USAGE", `No key is given. Add ${example}, or --keys FILE.`);
      }
      show(context, await features.read(selection, keys), keys);
    },
    { at: options.at },
  );
}

function show({ output }: CommandContext, { selection, at, views }: FeatureReads, keys: readonly Key[]): void {
  const reads = keys.flatMap((key, row) =>
    selection.views.flatMap(({ spec, features }, index) => {
      const { keys: read, through } = views[index] ?? { keys: [], through: null };
      const found = read[row];
      if (!found) return [];
      const { status, event, values } = found;
      const named = features.map((feature, place) => {
        const value = values[place] ?? null;
        return { feature, value, status: valueStatus(feature, found, place) };
      });
      return [{ key, view: spec.name, status, event, age: event === null ? null : at - event, through, named }];
    }),
  );
  const document = reads.map(({ key, view, status, event, age, through, named }) => ({
    key,
    view,
    status,
    eventTime: event === null ? null : formatInstant(event),
    ageMicros: age,
    online: instantText(through),
    values: Object.fromEntries(named.map(({ feature, value }) => [feature.name, valueToJson(feature.type, value)])),
    statuses: Object.fromEntries(named.map((each) => [each.feature.name, each.status])),
  }));
  const online = selection.views.map(({ spec }, index) => {
    const through = views[index]?.through ?? null;
    if (spec.kind === "onDemand" && spec.views.length === 0) return `${spec.name}: made of request values alone`;
    const stored = spec.kind === "featureView" ? spec.name : spec.views.map(({ name }) => name).join(" ");
    if (through === null) return `${spec.name}: not online yet; run: slipway features materialize ${stored}`;
    return `${spec.name}: online up to ${formatInstant(through)}`;
  });
  const rows = reads.flatMap(({ key, view, age, named }) =>
    named.map(({ feature, value, status }) => [
      Object.entries(key)
        .map(([name, part]) => `${name}=${part}`)
        .join(" "),
      `${view}.${feature.name}`,
      valueText(feature.type, value),
      status,
      age === null ? "" : roughly(age),
    ]),
  );
  output.show({ at: formatInstant(at), reads: document }, [
    ...online,
    "",
    { columns: ["key", "feature", "value", "status", "age"], rows },
  ]);
}

/** Keys from a file: a JSON list of objects, or one object a line. */
async function keysIn(file: string): Promise<readonly Key[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new SlipwayError("INPUT_INVALID", `${file} cannot be read. Check --keys.`, { cause });
  });
  if (/^\s*\[/.test(text)) {
    const keys = parse(text, file) as readonly unknown[];
    return keys.map((key, index) => asKey(key, `${file}: key ${index + 1} of the list`));
  }
  return text.split("\n").flatMap((line, index) => {
    const place = `${file}, line ${index + 1}`;
    return line.trim() === "" ? [] : [asKey(parse(line, place), place)];
  });
}

const ADVICE = `Write one key a line: {"carrier":"UA"}.`;

function asKey(value: unknown, place: string): Key {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Key;
  throw new SlipwayError(
    "INPUT_INVALID",
    `${place} is ${JSON.stringify(value).slice(0, 80)}, and no object. ${ADVICE}`,
  );
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = (cause as SyntaxError).message;
    throw new SlipwayError("INPUT_INVALID", `${place} is not JSON: ${why}. ${ADVICE}`, { cause });
  }
}
