import { SlipwayError } from "../../core/core.ts";
import { exportNamedDataset } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

interface ExportWords {
  readonly out?: string;
  readonly format: string;
}

/** `slipway datasets export <dataset>` */
export async function run(context: CommandContext, { out, format }: ExportWords, which: string): Promise<void> {
  if (out === undefined) throw new SlipwayError("USAGE", "Say where to: --out DIR, a folder that is not there yet.");
  if (format !== "parquet" && format !== "csv")
    throw new SlipwayError("USAGE", `--format ${format} is not known; use parquet or csv.`);
  const { host, output, progress } = context;
  await withPlatform(context, async (platform) => {
    const written = await exportNamedDataset(platform, which, {
      folder: out,
      format,
      cwd: host.cwd,
      onNote: (text) => progress.note(text),
    });
    const { id, copyOf, rows, bytes, parts, folder } = written;
    output.show({ id, copyOf: copyOf ?? id, folder, format, rows, bytes, parts }, [
      `${rows} rows of ${(copyOf ?? id).slice(0, 12)} in ${parts.length} parts, ${(bytes / 1e6).toFixed(1)} MB: ${folder}`,
    ]);
  });
}
