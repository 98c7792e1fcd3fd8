import { compareRuns } from "../../platform/platform.ts";
import { comparisonLines } from "../comparison-lines.ts";
import { linePlot } from "../plot/line-plot.ts";
import type { CommandContext } from "../run-command.ts";
import { visible } from "../visible.ts";
import { withPlatform } from "../with-platform.ts";
import { momentText } from "../words.ts";

/** `slipway runs compare <runs...>` */
export async function run(
  context: CommandContext,
  options: { readonly all?: boolean; readonly plot?: string },
  references: readonly string[],
): Promise<void> {
  const { output } = context;
  await withPlatform(context, async (platform) => {
    const { runs, comparison } = await compareRuns(platform, references, options.plot);
    const names = runs.map(({ id, versions }) => versions[0] ?? id.slice(-8));
    const { plot } = options;
    const curves = runs.map(({ curves: own }, place) => ({
      name: visible(names[place] ?? ""),
      points: (plot === undefined ? [] : (own[plot] ?? [])).map(({ step, value }) => [step, value] as const),
    }));
    output.show({ runs: runs.map(({ id, name, versions }) => ({ id, name, versions })), ...comparison }, [
      ...runs.map(
        ({ name, startedAt, status }, place) =>
          `${output.style.bold(visible(names[place] ?? ""))}  ${visible(name)}, ${momentText(startedAt)}, ${status}`,
      ),
      "",
      ...comparisonLines(output, comparison, { names, all: options.all === true }),
      ...(plot === undefined ? [] : ["", output.style.bold(visible(plot)), ...linePlot(curves, output.canvas)]),
    ]);
  });
}
