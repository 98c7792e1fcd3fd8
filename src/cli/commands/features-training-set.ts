import { statSync } from "node:fs";
import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { type PartitionUnit, partitionUnits, writeDatasetFolder, writeTrainingSet } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** What can be said to {@link run}. */
interface TrainingSetWords {
  readonly out?: string;
  readonly partitionBy?: string;
}

/** `slipway features training-set <model>` */
export async function run(context: CommandContext, options: TrainingSetWords, model: string): Promise<void> {
  const { host, output, progress } = context;
  const { out, partitionBy } = options;
  if (out === undefined)
    throw new SlipwayError(
      "USAGE",
      `Say where to write it: slipway features training-set ${model} --out FILE.parquet.`,
    );
  const target = resolve(host.cwd, out);
  const unit = partitionBy === undefined ? undefined : unitOf(partitionBy);
  if (unit !== undefined && target.endsWith(".parquet"))
    throw new SlipwayError("USAGE", `--partition-by writes a folder, and ${out} is the name of a file.`);
  if (unit === undefined && statSync(target, { throwIfNoEntry: false })?.isDirectory())
    throw new SlipwayError(
      "USAGE",
      `${target} is a folder. Name a file to write, such as ${out}/${model}.parquet, or add --partition-by month for parts in a new folder.`,
    );
  await withPlatform(context, async (platform) => {
    const step = `Writing the training set of ${model}`;
    if (unit === undefined) {
      const written = await progress.step(step, () => writeTrainingSet(platform, model, target));
      output.show({ model, file: target, ...written }, [
        `${written.rowCount} rows, ${(written.bytes / 1e6).toFixed(1)} MB in ${target}`,
        `SHA-256 ${written.hash}`,
      ]);
      return;
    }
    const onNote = (text: string): void => progress.note(text);
    const manifest = await progress.step(step, () =>
      writeDatasetFolder(platform, { model, folder: target, partitionBy: unit, onNote }),
    );
    const { id, rows, bytes, parts } = manifest;
    output.show({ model, folder: target, id, rows, bytes, parts, time: manifest.time, label: manifest.label }, [
      `${rows} rows in ${parts.length} part${parts.length === 1 ? "" : "s"}, ${(bytes / 1e6).toFixed(1)} MB in ${target}`,
      `dataset ${id}`,
    ]);
  });
}

function unitOf(text: string): PartitionUnit {
  const unit = partitionUnits.find((each) => each === text);
  if (unit === undefined)
    throw new SlipwayError("USAGE", `--partition-by takes ${partitionUnits.join(", ")}, not "${text}".`);
  return unit;
}
