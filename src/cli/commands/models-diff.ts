import { diffVersions } from "../../platform/platform.ts";
import { comparisonLines } from "../comparison-lines.ts";
import { codeLines } from "../diff-lines.ts";
import type { CommandContext } from "../run-command.ts";
import { versionReferences } from "../version-references.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models diff <from> <to>` */
export async function run(context: CommandContext, _options: unknown, words: readonly string[]): Promise<void> {
  const { output } = context;
  const [from = "", to = ""] = versionReferences(words, 2);
  await withPlatform(context, async (platform) => {
    const { versions, sections, code } = await diffVersions(platform, from, to);
    const names = [`${versions[0].model}@${versions[0].number}`, `${versions[1].model}@${versions[1].number}`] as const;
    output.show({ from: names[0], to: names[1], sections, code }, [
      ...comparisonLines(output, { sections }, { names }),
      "",
      ...codeLines(code, output.style, names),
    ]);
  });
}
