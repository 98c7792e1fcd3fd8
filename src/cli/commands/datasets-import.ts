import { SlipwayError } from "../../core/core.ts";
import { importDataset } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway datasets import <file>` */
export async function run(context: CommandContext, { out }: { readonly out?: string }, file: string): Promise<void> {
  if (out === undefined) throw new SlipwayError("USAGE", "Say where to: --out DIR, a folder that is not there yet.");
  const { host, output } = context;
  await withPlatform(context, async (platform) => {
    const { folder, filled, manifest, version } = await importDataset(platform, file, { folder: out, cwd: host.cwd });
    const { files, bytes } = filled;
    output.show({ folder, files, bytes, version, dataset: manifest?.id ?? null }, [
      `${files} files, ${(bytes / 1e6).toFixed(1)} MB, every byte as ${version} says: ${folder}`,
      manifest === null
        ? "They have no manifest of Slipway's; a source reads them by the path of the DVC file itself."
        : `dataset ${manifest.id.slice(0, 12)} of ${manifest.model}, ${manifest.rows} rows`,
    ]);
  });
}
