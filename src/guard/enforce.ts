// What a run asks of its sources before it changes anything: what stops has to hold, what rejects sets bad rows aside, what warns is told.

import { type Instant, SlipwayError } from "../core/core.ts";
import type { SourceSpec } from "../define/define.ts";
import type { GuardContext } from "./context.ts";
import { type Finding, lookAt } from "./look.ts";
import { type SetAside, setAside } from "./set-aside.ts";

/** What enforcing found over several sources. */
export interface Enforced {
  /** Failures that only warn. */
  readonly warnings: readonly Finding[];
  /** Rows newly set aside, of the sources where there were some. */
  readonly setAside: readonly SetAside[];
}

/** Holds sources to their expectations, up to everything known at `to`. Throws EXPECTATION_FAILED for what stops a run. */
export async function enforce(context: GuardContext, sources: readonly SourceSpec[], to: Instant): Promise<Enforced> {
  const each = [...new Map(sources.map((source) => [source.name, source])).values()];
  const guarded = each.filter(({ expect }) => expect !== undefined);
  for (const source of guarded) await context.offline.check(source);
  const findings: Finding[] = [];
  // What stops comes first for all sources, so that one that fails leaves everything as it was.
  for (const source of guarded) findings.push(...(await lookAt(context, source, to, { isRoutine: true })));
  const failed = findings.filter(({ passed }) => !passed);
  const stopping = failed.filter(({ severity }) => severity === "stop");
  const [first] = stopping;
  if (first)
    throw new SlipwayError(
      "EXPECTATION_FAILED",
      `Source "${first.source}" is not as expected: ${first.expectation}, but there ${first.failing === null ? "is" : "are"} ${first.seen}${stopping.length > 1 ? ` (and ${stopping.length - 1} more)` : ""}. Nothing was changed. Run slipway features check to see all, mend the data, or write .orWarn().`,
      { details: { failed: stopping } },
    );
  const aside: SetAside[] = [];
  for (const source of each) aside.push(await setAside(context, source, to));
  return {
    warnings: failed.filter(({ severity }) => severity === "warn"),
    setAside: aside.filter(({ rows }) => rows > 0),
  };
}
