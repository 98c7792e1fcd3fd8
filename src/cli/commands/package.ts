import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { versionAlone } from "../../platform/platform.ts";
import { runtimeParts } from "../../presets/presets.ts";
import { requireEmpty } from "../package/new-folder.ts";
import { writePackage } from "../package/write-package.ts";
import { cacheDirOf } from "../places.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway package <model> --output <dir>` */
export async function run(
  context: CommandContext,
  { output: given, features }: { readonly output?: string; readonly features?: string },
  what: string,
): Promise<void> {
  const [model = "", reference = "champion", ...rest] = what.split("@");
  if (model === "" || reference === "" || rest.length > 0)
    throw new SlipwayError("USAGE", `"${what}" is no version: give MODEL, MODEL@NUMBER or MODEL@ALIAS.`);
  if (given === undefined) throw new SlipwayError("USAGE", "Say where to: --output DIR.");
  if (features !== undefined && features !== "request")
    throw new SlipwayError("USAGE", `--features is ${features}; it takes request, and nothing else.`);
  const { host, output, progress } = context;
  const folder = resolve(host.cwd, given);
  await requireEmpty(folder);
  await withPlatform(context, async (platform) => {
    const contents = await versionAlone(platform, { model, reference, featuresAreSent: features !== undefined });
    const { lone } = contents;
    const parts = await runtimeParts(lone.format, { env: host.env, cacheDir: cacheDirOf(host) });
    progress.line(`Packaging ${model} version ${lone.number} for ${process.platform} ${process.arch}`);
    const files = await writePackage({ ...contents, folder, parts });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const document = {
      model,
      version: lone.number,
      folder,
      files: files.length,
      bytes,
      platform: process.platform,
      arch: process.arch,
    };
    output.show(document, [
      `${output.style.good("✓")} ${given}: version ${lone.number} of ${model}, ${files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB, for ${process.platform} ${process.arch}.`,
      ...(lone.views.length === 0
        ? []
        : [`  Callers send the features of ${lone.views.join(", ")} with each request.`]),
      `  Try it: PORT=8080 node ${given}/server.js`,
    ]);
  });
}
