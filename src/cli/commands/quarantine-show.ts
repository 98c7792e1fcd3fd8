import { type DataType, type Value, valueToJson } from "../../core/core.ts";
import { definitionsOf } from "../../define/define.ts";
import { type Platform, type QuarantinedRow, readQuarantined } from "../../platform/platform.ts";
import { batchDocument, reasonsText } from "../quarantine-words.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText } from "../words.ts";

/** `slipway quarantine show <batch>` */
export async function run(context: CommandContext, options: { readonly limit: string }, id: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const { batch, rows } = await readQuarantined(platform, id, Number(options.limit));
    const columns = columnsOf(platform, batch.source);
    const shown = rows.map(({ known, row, ...rest }) => ({
      ...rest,
      known: instantText(known) ?? null,
      row: cells(row, columns),
    }));
    context.output.show({ batch: batchDocument(batch), rows: shown }, [
      `${batch.rows} rows of ${batch.source}, ${batch.status}: ${reasonsText(batch)}`,
      {
        columns: ["reasons", "known", "file", "row"],
        rows: shown.map(({ reasons, known, file, row }) => [reasons.join("; "), known, file, JSON.stringify(row)]),
      },
    ]);
  });
}

function columnsOf({ project }: Platform, source: string): ReadonlyMap<string, DataType> {
  const spec = definitionsOf(project, "source").find(({ name }) => name === source);
  return new Map(spec?.columns.map(({ name, type }) => [name, type]));
}

/** A row's values as JSON; of a column that is no longer declared, as text. */
function cells(row: QuarantinedRow["row"], types: ReadonlyMap<string, DataType>): Record<string, unknown> {
  const cell = (name: string, value: Value): unknown => {
    const type = types.get(name);
    return type === undefined ? String(value) : valueToJson(type, value);
  };
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(name, value)]));
}
