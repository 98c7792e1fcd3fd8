import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { importModelFile, importVersion, isVersionArchive } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { byteCount } from "../words.ts";

interface ImportWords {
  readonly as?: string;
  readonly allowUnsigned?: boolean;
  readonly maxSize: string;
}

/** `slipway models import <file>` */
export async function run(context: CommandContext, words: ImportWords, given: string): Promise<void> {
  const file = resolve(context.host.cwd, given);
  if (await isVersionArchive(file)) return importArchive(context, words, file);
  const { as } = words;
  await access(file).catch(() => {
    throw new SlipwayError("SOURCE_NOT_FOUND", `There is no file ${file} to import.`, { details: { file } });
  });
  if (as === undefined)
    throw new SlipwayError("USAGE", "Say what the model is to be called: slipway models import FILE --as NAME.");
  await withPlatform(context, async (platform) => {
    const { version, served } = await importModelFile(platform, { file, model: as });
    const { model, number, format, artifactHash } = version;
    const { inputs, outputs, columns } = served;
    const shown = (tensors: typeof inputs): string =>
      tensors.map(({ name, datatype, shape }) => `${name} ${datatype} [${shape.join(",")}]`).join(", ");
    context.output.show({ model, version: number, format, hash: artifactHash, inputs, outputs, columns }, [
      `${given} is version ${number} of ${model} (${format}).`,
      `  takes ${shown(inputs)}`,
      `  gives ${shown(outputs)}`,
      `Serve it: slipway models promote ${model} ${number}; slipway serve`,
    ]);
  });
}

async function importArchive(context: CommandContext, words: ImportWords, file: string): Promise<void> {
  const { as, allowUnsigned = false, maxSize } = words;
  const mostBytes = byteCount("--max-size", maxSize);
  await withPlatform(context, async (platform) => {
    const request = { file, allowUnsigned, mostBytes, ...(as === undefined ? {} : { model: as }) };
    const { version, signer } = await importVersion(platform, request);
    const { model, number, origin } = version;
    context.output.show({ model, version: number, signer, origin }, [
      `Version ${number} of ${model}, signed by ${signer}. Where it came from: slipway models show ${model} ${number}`,
      `Serve it: slipway models promote ${model} ${number}; slipway serve`,
    ]);
  });
}
