import { SlipwayError } from "../../core/core.ts";
import { verifyDatasetFolder } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway datasets verify <dataset>` */
export async function run(context: CommandContext, _options: unknown, which: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const { folder, manifest, problems } = await verifyDatasetFolder(platform, which, context.host.cwd);
    if (problems.length > 0)
      throw new SlipwayError(
        "DATASET_CORRUPT",
        `Dataset ${manifest.id.slice(0, 12)} in ${folder} is not what was written: ${problems.join("; ")}. Take it from its backup, or write it again.`,
        { details: { id: manifest.id, folder, problems } },
      );
    const { id, rows, parts, bytes } = manifest;
    context.output.show({ id, folder, rows, parts: parts.length, bytes, problems }, [
      `every byte is as it was written: ${rows} rows in ${parts.length} parts, ${(bytes / 1e6).toFixed(1)} MB`,
    ]);
  });
}
