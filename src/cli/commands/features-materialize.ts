import { parseInstant } from "../../core/core.ts";
import { type Enforced, materialize } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText } from "../words.ts";

/** `slipway features materialize [views...]` */
export async function run(
  context: CommandContext,
  options: { readonly to?: string },
  views: readonly string[],
): Promise<void> {
  const { output, progress, signal } = context;
  const to = options.to === undefined ? {} : { to: parseInstant(options.to) };
  const enforced: Enforced[] = [];
  await withPlatform(context, async (platform) => {
    const done = await progress.step("Materialising features", () =>
      materialize(platform, {
        ...to,
        views,
        signal,
        onEnforced: (found) => enforced.push(found),
        onProgress: ({ view, rows, through }) => progress.note(`${view}: ${rows} rows, up to ${instantText(through)}`),
      }),
    );
    const materialized = done.map(({ view, rows, through }) => ({ view, rows, through: instantText(through) }));
    const setAside = enforced.flatMap((found) => found.setAside);
    const warnings = enforced.flatMap((found) => found.warnings);
    output.show({ materialized, setAside, warnings }, [
      {
        columns: ["view", "rows added", "online up to"],
        rows: materialized.map(({ view, rows, through }) => [view, rows, through]),
      },
      ...setAside.map(({ source, rows }) =>
        output.style.warn(`${source}: ${rows} rows set aside. See slipway quarantine list ${source}.`),
      ),
      ...warnings.map(({ source, expectation, seen }) =>
        output.style.warn(`${source}: expected ${expectation}, found ${seen}`),
      ),
    ]);
  });
}
