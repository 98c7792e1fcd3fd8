import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { exportVersion } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models export <model@version> --out <file>` */
export async function run(
  context: CommandContext,
  { out, unsigned = false }: { readonly out?: string; readonly unsigned?: boolean },
  what: string,
): Promise<void> {
  const at = what.lastIndexOf("@");
  if (at < 1 || at === what.length - 1)
    throw new SlipwayError(
      "USAGE",
      `"${what}" is no version: give MODEL@NUMBER or MODEL@ALIAS, such as flight_delay@champion.`,
    );
  if (out === undefined) throw new SlipwayError("USAGE", "Say where to: --out FILE.");
  const [model, reference] = [what.slice(0, at), what.slice(at + 1)];
  await withPlatform(context, async (platform) => {
    const file = resolve(context.host.cwd, out);
    const { version, bytes, files, key } = await exportVersion(platform, { model, reference, out: file, unsigned });
    const signed = key === undefined ? "not signed" : `signed with ${key}`;
    context.output.show({ model, version: version.number, file, bytes, files, key: key ?? null }, [
      `${out}: version ${version.number} of ${model}, ${files} ${files === 1 ? "file" : "files"}, ${bytes} bytes, ${signed}.`,
    ]);
  });
}
