import { parseInstant } from "../../core/core.ts";
import { materialize } from "../../platform/platform.ts";
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
  await withPlatform(context, async (platform) => {
    const done = await progress.step("Materialising features", () =>
      materialize(platform, {
        ...to,
        views,
        signal,
        onProgress: ({ view, rows, through }) => progress.note(`${view}: ${rows} rows, up to ${instantText(through)}`),
      }),
    );
    const materialized = done.map(({ view, rows, through }) => ({ view, rows, through: instantText(through) }));
    output.show({ materialized }, [
      {
        columns: ["view", "rows added", "online up to"],
        rows: materialized.map(({ view, rows, through }) => [view, rows, through]),
      },
    ]);
  });
}
