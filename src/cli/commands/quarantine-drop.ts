import { SlipwayError } from "../../core/core.ts";
import { dropQuarantined, quarantineDocument } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway quarantine drop [batch]` */
export async function run(
  context: CommandContext,
  { source }: { readonly source?: string },
  batch?: string,
): Promise<void> {
  if ((batch === undefined) === (source === undefined))
    throw new SlipwayError("USAGE", "Name the batch to drop, or with --source the source whose batches to drop.");
  await withPlatform(context, async (platform) => {
    const dropped = await dropQuarantined(platform, batch === undefined ? { source: source ?? "" } : { batch });
    const rows = dropped.reduce((total, each) => total + each.rows, 0);
    context.output.show({ rows, batches: dropped.map(quarantineDocument) }, [`Dropped ${rows} rows for good.`]);
  });
}
