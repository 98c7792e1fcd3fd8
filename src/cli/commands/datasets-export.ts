import { SlipwayError } from "../../core/core.ts";
import { exportNamedDataset } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

interface ExportWords {
  readonly out?: string;
  readonly format: string;
  readonly dvc?: boolean;
  readonly remote?: string;
}

/** `slipway datasets export <dataset>` */
export async function run(context: CommandContext, words: ExportWords, which: string): Promise<void> {
  const { out, format, dvc, remote } = words;
  if (out === undefined) throw new SlipwayError("USAGE", "Say where to: --out DIR, a folder that is not there yet.");
  if (format !== "parquet" && format !== "csv")
    throw new SlipwayError("USAGE", `--format ${format} is not known; use parquet or csv.`);
  if (remote !== undefined && dvc !== true) throw new SlipwayError("USAGE", "--remote goes with --dvc.");
  const { host, output, progress } = context;
  await withPlatform(context, async (platform) => {
    const { manifest, folder, versioned } = await exportNamedDataset(platform, which, {
      folder: out,
      format,
      cwd: host.cwd,
      ...(dvc === true ? { dvc: remote === undefined ? {} : { remote } } : {}),
      onNote: (text) => progress.note(text),
    });
    const { id, copyOf = id, rows, bytes, parts } = manifest;
    output.show({ id, copyOf, folder, format, rows, bytes, parts, dvc: versioned }, [
      `${rows} rows of ${copyOf.slice(0, 12)} in ${parts.length} parts, ${(bytes / 1e6).toFixed(1)} MB: ${folder}`,
      ...(versioned === null
        ? []
        : [
            `${versioned.pointer} names them for DVC (${versioned.id}); commit it`,
            ...versioned.stores.map((store) => `${versioned.files} files are in ${store}`),
            ...(versioned.unreached === null ? [] : [`the remote is ${versioned.unreached}; run: dvc push`]),
          ]),
    ]);
  });
}
