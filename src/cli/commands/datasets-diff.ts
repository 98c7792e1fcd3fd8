import { typeText } from "../../core/core.ts";
import { diffNamedDatasets } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure } from "../words.ts";

/** `slipway datasets diff <from> <to>` */
export async function run(context: CommandContext, _options: unknown, from: string, to: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const { from: a, to: b, ...found } = await diffNamedDatasets(platform, from, to, context.host.cwd);
    const { isSame, schema, rows, columns, sources, definitions } = found;
    const files = sources.flatMap(({ name, state, files: { added, removed, changed } }) => [
      ...(state === "same" || added.length + removed.length + changed.length > 0 ? [] : [`source ${name}: ${state}`]),
      ...added.map((path) => `source ${name}: ${path} was added`),
      ...removed.map((path) => `source ${name}: ${path} was taken away`),
      ...changed.map((path) => `source ${name}: ${path} has other bytes`),
    ]);
    const shownHash = (hash: string | null): string => hash?.slice(0, 12) ?? "none";
    const moved = columns.filter((each) => each.changed > 0 || Math.abs(each.shift ?? 0) > 0.01);
    context.output.show({ from: a.id, to: b.id, sides: { from: a, to: b }, ...found }, [
      isSame ? "the same columns, rows and values" : `${a.id.slice(0, 12)} to ${b.id.slice(0, 12)}`,
      ...Object.entries(rows.examples).flatMap(([kind, keys]) =>
        keys.length === 0 ? [] : [`${kind}, such as: ${keys.join(", ")}`],
      ),
      `rows ${rows.from} to ${rows.to}: ${rows.added} added, ${rows.removed} removed, ${rows.changed} changed, ${rows.unchanged} as they were`,
      ...schema.added.map(({ name, type }) => `column added: ${name} (${typeText(type)})`),
      ...schema.removed.map(({ name, type }) => `column removed: ${name} (${typeText(type)})`),
      ...schema.retyped.map((each) => `column ${each.name}: ${typeText(each.from)} to ${typeText(each.to)}`),
      ...definitions.map((each) => `${each.name}: ${shownHash(each.from)} to ${shownHash(each.to)}`),
      ...files,
      ...(moved.length === 0
        ? []
        : [
            "",
            {
              columns: ["column", "changed", "nulls", "", "mean", "", "shift in sd"],
              rows: moved.map((each) => [
                each.name,
                each.changed,
                figure(each.from.nulls),
                figure(each.to.nulls),
                figure(each.from.mean),
                figure(each.to.mean),
                figure(each.shift),
              ]),
            },
          ]),
    ]);
  });
}
