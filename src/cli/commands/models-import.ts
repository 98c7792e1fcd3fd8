import { SlipwayError } from "../../core/core.ts";
import { importModelFile } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models import <file> --as <model>` */
export async function run(context: CommandContext, { as }: { readonly as?: string }, file: string): Promise<void> {
  if (as === undefined)
    throw new SlipwayError("USAGE", "Say what the model is to be called: slipway models import FILE --as NAME.");
  await withPlatform(context, async (platform) => {
    const { version, served } = await importModelFile(platform, { file, model: as });
    const { model, number, format, artifactHash } = version;
    const { inputs, outputs, columns } = served;
    const shown = (tensors: typeof inputs): string =>
      tensors.map(({ name, datatype, shape }) => `${name} ${datatype} [${shape.join(",")}]`).join(", ");
    context.output.show({ model, version: number, format, hash: artifactHash, inputs, outputs, columns }, [
      `${file} is version ${number} of ${model} (${format}).`,
      `  takes ${shown(inputs)}`,
      `  gives ${shown(outputs)}`,
      `Serve it: slipway models promote ${model} ${number}; slipway serve`,
    ]);
  });
}
