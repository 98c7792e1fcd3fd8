import { SlipwayError } from "../../core/core.ts";
import { verifyNamedDataset } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway datasets verify <dataset>` */
export async function run(context: CommandContext, _options: unknown, which: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const found = await verifyNamedDataset(platform, which, context.host.cwd);
    const { id, model, folder, rows, parts, bytes, problems, sources } = found;
    const where = folder === null ? `the snapshot of ${model}` : folder;
    if (problems.length > 0)
      throw new SlipwayError(
        "DATASET_CORRUPT",
        `Dataset ${id.slice(0, 12)} in ${where} is not what was written: ${problems.join("; ")}. Take it from its backup, or write it again.`,
        { details: { id, folder, problems } },
      );
    const moved = sources.filter(({ state }) => state !== "same");
    const size = bytes === null ? "" : `, ${(bytes / 1e6).toFixed(1)} MB`;
    context.output.show(found, [
      `every byte is as it was written: ${rows} rows in ${parts} parts${size}`,
      ...(sources.length > 0 && moved.length === 0
        ? [`its ${sources.length} source files are what they were, too`]
        : []),
      ...moved.map(({ source, path, state }) => `source ${source}: ${path} is ${state} since`),
    ]);
  });
}
