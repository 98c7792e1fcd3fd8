import { SlipwayError } from "../../core/core.ts";
import { proposeExpectations } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway features expect <source|view>` */
export async function run(context: CommandContext, options: { readonly sample: string }, name: string): Promise<void> {
  const { output, progress } = context;
  const sample = Number(options.sample);
  if (!Number.isSafeInteger(sample) || sample < 1)
    throw new SlipwayError("USAGE", `--sample is "${options.sample}"; give a number of rows, such as 100000.`);
  await withPlatform(context, async (platform) => {
    const { rows, of, proposals } = await progress.step(`Looking at ${name}`, () =>
      proposeExpectations(platform, name, sample),
    );
    const word = (code: string): string => code.slice(0, code.indexOf("("));
    const words = new Set(proposals.map(({ code }) => word(code)));
    for (const unit of ["hours", "days"]) if (proposals.some(({ code }) => code.includes(`${unit}(`))) words.add(unit);
    const looked = `${rows.toLocaleString("en")} of ${of.toLocaleString("en")} ${rows === of ? "rows" : "rows, spread by hash"}`;
    output.show({ name, rows, of, proposals }, [
      ...(proposals.length === 0
        ? [`Nothing to propose from ${looked}.`]
        : [
            `// From ${looked}. All of them only warn: take .orWarn() off what is to reject rows, or to stop a run.`,
            `// import { ${[...words].sort().join(", ")} } from "slipway";`,
            "expect: [",
            ...proposals.flatMap(({ code, why, failing }) => [
              `  // ${failing === 0 ? why : output.style.warn(why)}`,
              `  ${code}.orWarn(),`,
            ]),
            "],",
          ]),
    ]);
  });
}
