// What a server says while it runs, one line each on stderr: JSON in the field names of the Elastic Common Schema, so that log shippers need no
// rules of their own, or a line for people. Query strings, bodies and headers are never in it.

import { type DestinationStream, destination, type Logger, pino } from "pino";
import { formatInstant, type Instant } from "../core/core.ts";

/** How lines look. */
export type LogFormat = "json" | "pretty";

/** How to log. */
export interface LogOptions {
  /** Default "json". */
  readonly format?: LogFormat;
  /** The least level that is written: "debug" has a line for each request; default "warn". */
  readonly level?: string;
  /** Where lines go; default stderr. */
  readonly write?: (line: string) => void;
}

/** The version of the Elastic Common Schema whose names are used. */
const ECS = "8.11.0";

/** A log. Every line has its time from `now`. */
export function serverLog({ format = "json", level = "warn", write }: LogOptions, now: () => Instant): Logger {
  const out: DestinationStream = write ? { write } : destination(2);
  return pino(
    {
      level,
      messageKey: "message",
      timestamp: () => `,"@timestamp":"${formatInstant(now())}"`,
      base: { "ecs.version": ECS, "service.name": "slipway", "process.pid": process.pid },
      formatters: { level: (label) => ({ "log.level": label }), log: withErrorFields },
    },
    format === "json" ? out : { write: (line) => out.write(prettyLine(line)) },
  );
}

function withErrorFields({ err, ...rest }: Record<string, unknown>): Record<string, unknown> {
  if (err === undefined) return rest;
  const { name, message, stack, cause } = err instanceof Error ? err : new Error(String(err));
  const told = cause instanceof Error ? `${stack}\nCaused by: ${cause.stack}` : stack;
  return { ...rest, "error.type": name, "error.message": message, "error.stack_trace": told };
}

/** What stands in every line, and nobody wants to read. */
const COMMON = new Set(["log.level", "@timestamp", "ecs.version", "service.name", "process.pid", "message"]);

/** A line of JSON as one for people; a stack goes below it. */
function prettyLine(line: string): string {
  const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const { message = "", "log.level": level, "@timestamp": time, "error.stack_trace": stack } = fields;
  const more = Object.entries(fields)
    .filter(([name]) => !COMMON.has(name) && name !== "error.stack_trace")
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const below = typeof stack === "string" ? `${stack.replace(/^/gm, "    ")}\n` : "";
  return `${time} ${String(level).toUpperCase().padEnd(5)} ${message}${more.join("")}\n${below}`;
}
