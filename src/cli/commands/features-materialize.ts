// Materialising as a command: several views at once, and how they are getting on: for people as one live line, for machines as lines of JSON
// on stderr, so that stdout holds the answer alone.

import { availableParallelism } from "node:os";
import { parseInstant, SlipwayError } from "../../core/core.ts";
import { type Enforced, type MaterializeProgress, materialize } from "../../platform/platform.ts";
import { paceOf } from "../pace.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText } from "../words.ts";

/** `slipway features materialize [views...]` */
export async function run(
  context: CommandContext,
  options: { readonly to?: string; readonly parallel?: string },
  views: readonly string[],
): Promise<void> {
  const { output, progress } = context;
  const to = options.to === undefined ? {} : { to: parseInstant(options.to) };
  const parallel = options.parallel === undefined ? availableParallelism() : viewsAtOnce(options.parallel);
  const enforced: Enforced[] = [];
  await withPlatform(context, async (platform) => {
    if (context.globals.json !== true) progress.note("Reading what became known …");
    const work = (): ReturnType<typeof materialize> =>
      materialize(platform, {
        ...to,
        views,
        parallel,
        signal: context.signal,
        onEnforced: (found) => enforced.push(found),
        onProgress: follow(context),
      });
    const done = context.globals.json === true ? await work() : await progress.step("Materialising features", work);
    const materialized = done.map(({ view, rows, through, anew = 0 }) => ({
      view,
      rows,
      anew,
      through: instantText(through),
    }));
    const setAside = enforced.flatMap((found) => found.setAside);
    const warnings = enforced.flatMap((found) => found.warnings);
    output.show({ materialized, setAside, warnings }, [
      {
        columns: ["view", "rows added", "online up to"],
        rows: materialized.map(({ view, rows, through }) => [view, rows, through]),
      },
      ...materialized.flatMap(({ view, anew }) =>
        anew === 0
          ? []
          : [
              output.style.warn(
                `${view}: ${anew} keys made anew, because rows came or went that say they were known before. A column that says when a row becomes known, createdAt, spares that.`,
              ),
            ],
      ),
      ...setAside.map(({ source, rows }) =>
        output.style.warn(`${source}: ${rows} rows set aside. See slipway quarantine list ${source}.`),
      ),
      ...warnings.map(({ source, expectation, seen }) =>
        output.style.warn(`${source}: expected ${expectation}, found ${seen}`),
      ),
    ]);
  });
}

function viewsAtOnce(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new SlipwayError(
    "USAGE",
    `--parallel takes how many views are materialised at once, 1 to 999; "${text}" is not that.`,
  );
}

/** Shows how a run is getting on: a note on all views under way, or under --json a document a line on stderr. */
function follow({ globals, host, progress }: CommandContext): (progress: MaterializeProgress) => void {
  const start = performance.now();
  const latest = new Map<string, MaterializeProgress>();
  return (now) => {
    const seconds = (performance.now() - start) / 1000;
    const { rate, left } = paceOf(now, seconds);
    if (globals.json === true) {
      const { view, rows, total = null, through } = now;
      const figures = { view, rows, total, rows_per_second: rate, seconds_left: left ?? null };
      host.stderr.write(`${JSON.stringify({ progress: { ...figures, through: instantText(through) } })}\n`);
      return;
    }
    latest.set(now.view, now);
    if (now.rows === now.total) latest.delete(now.view);
    progress.note([...latest.values()].map((each) => paceText(each, seconds)).join("; "));
  };
}

function paceText(progress: MaterializeProgress, seconds: number): string {
  const { view, rows, total } = progress;
  const { rate, left } = paceOf(progress, seconds);
  const of =
    total === undefined ? `${rows} rows` : `${Math.floor((100 * rows) / Math.max(total, 1))} % of ${total} rows`;
  return `${view}: ${of}, ${rate}/s${left === undefined ? "" : `, ${left} s left`}`;
}
