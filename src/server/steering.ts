// What a request's headers say of who is to answer it.

import type { IncomingHttpHeaders } from "node:http";
import { SlipwayError } from "../core/core.ts";
import type { Steering } from "../platform/platform.ts";

const VERSION = "x-slipway-version";
const STICKY = "x-slipway-sticky";

/** The longest value that keeps a caller with one version. */
const STICKY_LIMIT = 256;

/** Reads `x-slipway-version` and `x-slipway-sticky`. Throws INPUT_INVALID that names the header. */
export function readSteering(headers: IncomingHttpHeaders): Steering {
  const [version, sticky] = [headers[VERSION], headers[STICKY]];
  if (version === undefined && sticky === undefined) return {};
  if (version !== undefined && (typeof version !== "string" || !/^[1-9]\d{0,8}$/.test(version)))
    throw refused(VERSION, `is ${JSON.stringify(String(version).slice(0, 50))}; give one version's number`);
  if (sticky !== undefined && (typeof sticky !== "string" || sticky === "" || sticky.length > STICKY_LIMIT))
    throw refused(STICKY, `is no text of 1 to ${STICKY_LIMIT} characters`);
  return {
    ...(version === undefined ? {} : { version: Number(version) }),
    ...(sticky === undefined ? {} : { sticky }),
  };
}

/** Reads `?explain=true`. Throws INPUT_INVALID for anything else in a query. */
export function readExplain(query: unknown): boolean {
  const { explain, ...rest } = query as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(rest);
  if (other !== undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The query has "${other.slice(0, 50)}", which means nothing here; explain=true is known.`,
      { details: { query: other.slice(0, 50) } },
    );
  if (explain === undefined || explain === "false") return false;
  if (explain === "true") return true;
  throw new SlipwayError("INPUT_INVALID", "The query's explain is neither true nor false.", {
    details: { query: "explain" },
  });
}

/** Refuses reasons, and to choose a version, of a model that has neither, since no definition stands behind it. */
export function refuseSteering(model: string, { version, explain }: Steering): void {
  if (explain === true)
    throw new SlipwayError(
      "NOT_EXPLAINABLE",
      `"${model}" is served without a definition, so that nobody knows which inputs its columns are. Leave explain out.`,
      { details: { model } },
    );
  if (version !== undefined)
    throw refused(
      VERSION,
      `names version ${version}, but "${model}" is served without a definition and has no routes; leave it out`,
    );
}

function refused(header: string, problem: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", `The header ${header} ${problem}.`, { details: { header } });
}
