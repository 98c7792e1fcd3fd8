import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { writeTrainingSet } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway features training-set <model>` */
export async function run(context: CommandContext, options: { readonly out?: string }, model: string): Promise<void> {
  const { host, output, progress } = context;
  if (options.out === undefined)
    throw new SlipwayError(
      "USAGE",
      `Say where to write it: slipway features training-set ${model} --out FILE.parquet.`,
    );
  const file = resolve(host.cwd, options.out);
  await withPlatform(context, async (platform) => {
    const written = await progress.step(`Writing the training set of ${model}`, () =>
      writeTrainingSet(platform, model, file),
    );
    output.show({ model, file, ...written }, [
      `${written.rowCount} rows, ${(written.bytes / 1e6).toFixed(1)} MB in ${file}`,
      `SHA-256 ${written.hash}`,
    ]);
  });
}
