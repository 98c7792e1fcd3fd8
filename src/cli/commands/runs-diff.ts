import { diffRuns } from "../../platform/platform.ts";
import { comparisonLines } from "../comparison-lines.ts";
import { codeLines } from "../diff-lines.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway runs diff <from> <to>` */
export async function run(context: CommandContext, _options: unknown, from: string, to: string): Promise<void> {
  const { output } = context;
  await withPlatform(context, async (platform) => {
    const { runs, sections, code } = await diffRuns(platform, from, to);
    const [a, b] = runs;
    const names = [a.versions[0] ?? a.id.slice(-8), b.versions[0] ?? b.id.slice(-8)] as const;
    output.show({ from: { id: a.id, name: a.name }, to: { id: b.id, name: b.name }, sections, code }, [
      ...comparisonLines(output, { sections }, { names }),
      "",
      ...codeLines(code, output.style, names),
    ]);
  });
}
