// A study's trials for other programs: one row or one object a trial, every parameter a column.

import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { type ShownStudy, showStudy, writeNew } from "../../platform/platform.ts";
import { jsonDocument } from "../output.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

interface ExportWords {
  readonly out?: string;
  readonly format?: string;
}

/** `slipway studies export` */
export async function run(context: CommandContext, { out, format }: ExportWords, reference: string): Promise<void> {
  if (out === undefined) throw new SlipwayError("USAGE", "Say where to: --out FILE, a file that is not there yet.");
  const kind = format ?? (out.toLowerCase().endsWith(".json") ? "json" : "csv");
  if (kind !== "csv" && kind !== "json") throw new SlipwayError("USAGE", `--format is csv or json, not "${format}".`);
  await withPlatform(context, async (platform) => {
    const study = await showStudy(platform, reference);
    const file = resolve(context.host.cwd, out);
    await writeNew(file, kind === "json" ? jsonDocument(study) : csvOf(study));
    const { name, trials } = study;
    context.output.show({ study: name, file, format: kind, trials: trials.length }, [
      `${trials.length} trials of ${name} are in ${file}.`,
    ]);
  });
}

/** RFC 4180. */
function csvOf({ space, trials, goals }: ShownStudy): string {
  const names = Object.keys(space);
  const header = [
    "trial",
    "state",
    ...goals.map(({ name }) => name),
    "test",
    "run",
    "error",
    ...names.map((name) => `params.${name}`),
  ];
  const rows = trials.map((trial) => [
    trial.number,
    trial.state,
    ...goals.map((_, goal) => trial.values?.[goal]),
    trial.test,
    trial.runId,
    trial.error,
    ...names.map((name) => trial.params[name]),
  ]);
  return [header, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value: unknown): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
