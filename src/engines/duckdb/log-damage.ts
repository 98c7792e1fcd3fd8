import { readFileSync } from "node:fs";
import { SlipwayError } from "../../core/core.ts";

/** Only logs of our own are read as JSON lines by DuckDB itself. */
const DAMAGE = /(?:Malformed JSON|JSON transform error) in file "(.+)", (?:at byte \d+ )?in line (\d+)/;

/** A damaged line of a log, as DuckDB found it; undefined for any other failure. */
export function damagedLine(cause: unknown): SlipwayError | undefined {
  const [, file, counted] = (cause instanceof Error && DAMAGE.exec(cause.message)) || [];
  if (file === undefined) return undefined;
  const line = firstDamage(file) ?? Number(counted);
  return new SlipwayError(
    "LOG_CORRUPT",
    `Line ${line} of ${file} is damaged, so nothing of this log is read. Stop the server, take the file from its backup (or delete that line, and with it what was in it), then start again.`,
    { cause, details: { file, line } },
  );
}

/** The first line that is no JSON, from 1; DuckDB counts the one after it. Undefined where each is JSON, or the file is gone. */
function firstDamage(file: string): number | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: false }).decode(readFileSync(file));
    const place = text.split("\n").findIndex((line) => line.trim() !== "" && !isJson(line));
    return place < 0 ? undefined : place + 1;
  } catch {
    return undefined;
  }
}

function isJson(line: string): boolean {
  if (line.includes("\ufffd")) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
