import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { exportVersion, type Platform, writeModel } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { visible } from "../visible.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models export <model@version> --out <file>` */
export async function run(
  context: CommandContext,
  {
    out,
    unsigned = false,
    onnx = false,
  }: { readonly out?: string; readonly unsigned?: boolean; readonly onnx?: boolean },
  what: string,
): Promise<void> {
  const at = what.lastIndexOf("@");
  if (at < 1 || at === what.length - 1)
    throw new SlipwayError(
      "USAGE",
      `"${what}" is no version: give MODEL@NUMBER or MODEL@ALIAS, such as flight_delay@champion.`,
    );
  if (out === undefined) throw new SlipwayError("USAGE", "Say where to: --out FILE.");
  if (onnx && unsigned) throw new SlipwayError("USAGE", "An ONNX file is never signed; leave --unsigned out.");
  const [model, reference] = [what.slice(0, at), what.slice(at + 1)];
  await withPlatform(context, async (platform) => {
    const file = resolve(context.host.cwd, out);
    if (onnx) return writeOnnx(context, platform, { model, reference, out: file }, out);
    const { version, bytes, files, key } = await exportVersion(platform, { model, reference, out: file, unsigned });
    const signed = key === undefined ? "not signed" : `signed with ${key}`;
    context.output.show({ model, version: version.number, file, bytes, files, key: key ?? null }, [
      `${out}: version ${version.number} of ${model}, ${files} ${files === 1 ? "file" : "files"}, ${bytes} bytes, ${signed}.`,
    ]);
  });
}

async function writeOnnx(
  { output }: CommandContext,
  platform: Platform,
  what: { readonly model: string; readonly reference: string; readonly out: string },
  shown: string,
): Promise<void> {
  const { version, bytes, inputs, outputs } = await writeModel(platform, { ...what, format: "onnx" });
  output.show({ model: what.model, version: version.number, file: what.out, bytes, inputs, outputs }, [
    `${shown}: version ${version.number} of ${what.model} as ONNX, ${bytes} bytes. Every input has the shape (rows, 1):`,
    {
      columns: ["input", "type", "missing"],
      rows: inputs.map(({ name, type, missing }) => [visible(name), type, missing]),
    },
    { columns: ["output", "shape"], rows: outputs.map(({ name, shape }) => [name, shape.join(" × ")]) },
  ]);
}
