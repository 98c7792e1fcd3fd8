import { compareVersions } from "../../platform/platform.ts";
import { comparisonLines } from "../comparison-lines.ts";
import type { CommandContext } from "../run-command.ts";
import { versionReferences } from "../version-references.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models compare <versions...>` */
export async function run(
  context: CommandContext,
  options: { readonly all?: boolean },
  words: readonly string[],
): Promise<void> {
  const { output } = context;
  await withPlatform(context, async (platform) => {
    const { versions, comparison } = await compareVersions(platform, versionReferences(words));
    const names = versions.map(({ model, number }) => `${model}@${number}`);
    output.show({ versions: names, ...comparison }, [
      ...comparisonLines(output, comparison, { names, all: options.all === true }),
    ]);
  });
}
