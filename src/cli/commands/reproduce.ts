// Makes a version again and says whether it came out the same.

import { SlipwayError } from "../../core/core.ts";
import { type Reproduction, reproduceVersion } from "../../platform/platform.ts";
import type { Line, Output } from "../output.ts";
import type { CommandContext } from "../run-command.ts";
import { visible } from "../visible.ts";
import { withPlatform } from "../with-platform.ts";
import { figure } from "../words.ts";

/** `slipway reproduce <model>@<version>` */
export async function run(
  context: CommandContext,
  options: { readonly anyway?: boolean },
  version: string,
): Promise<void> {
  const { output, progress, signal } = context;
  await withPlatform(context, async (platform) => {
    const result = await progress.step(`Reproducing ${version}`, () =>
      reproduceVersion(platform, {
        version,
        anyway: options.anyway === true,
        signal,
        onNote: (text) => progress.note(text),
        onStep: ({ round }) => progress.note(`round ${round}`),
      }),
    );
    const failure = failureOf(result);
    // Under --json a failure's document is the error's own, with the whole result in its details.
    if (!failure || !output.json) output.show(result, lines(result, output));
    if (failure) throw failure;
  });
}

function failureOf(result: Reproduction): SlipwayError | undefined {
  const { model, version, verdict, first, differences } = result;
  const name = `${model}@${version}`;
  const details = { ...result };
  if (verdict === "refused") {
    const what = differences.filter(({ matters }) => matters).map((each) => each.what);
    return new SlipwayError(
      "ENVIRONMENT_DIFFERS",
      `${name} was not trained again: ${what.slice(0, 8).join(", ")}${what.length > 8 ? ` and ${what.length - 8} more` : ""} ${what.length === 1 ? "is" : "are"} not as then. Bring ${what.length === 1 ? "it" : "them"} back, or add --anyway.`,
      { details },
    );
  }
  if (verdict === "identical" || first === null) return undefined;
  return new SlipwayError(
    "NOT_REPRODUCED",
    `${name} came out otherwise: ${first.artifact} differs from byte ${first.offset} on${first.place === null ? "" : ` (${first.place})`}.`,
    { details },
  );
}

function lines(result: Reproduction, { style }: Output): readonly Line[] {
  const { differences, verdict, artifact, first, metrics } = result;
  return [
    differences.length === 0
      ? "Code, definition, packages, engines, data and machine are as they were."
      : {
          columns: ["what differs", "then", "now", "", ""],
          rows: differences.map(({ what, before, after, matters, note }) => [
            visible(what),
            visible(before ?? "-"),
            visible(after ?? "-"),
            matters ? style.warn("matters") : style.dim("only told"),
            visible(note),
          ]),
        },
    ...(verdict === "refused"
      ? []
      : [
          "",
          verdict === "identical"
            ? `${style.good("identical")}: the same ${artifact.before.slice(0, 12)}, byte by byte`
            : `${style.bad("different")}: ${artifact.before.slice(0, 12)} then, ${artifact.after?.slice(0, 12)} now; ${first?.sizes[0]} bytes then, ${first?.sizes[1]} now`,
        ]),
    ...(metrics.length === 0
      ? []
      : [
          "",
          {
            columns: ["metric", "then", "now"],
            rows: metrics.map(({ name, before, after }) => [name, figure(before), figure(after)]),
          },
        ]),
  ];
}
