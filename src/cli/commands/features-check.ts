import { SlipwayError } from "../../core/core.ts";
import { checkExpectations, type Finding } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway features check [name]` */
export async function run(context: CommandContext, _options: unknown, source?: string): Promise<void> {
  const { output, progress } = context;
  await withPlatform(context, async (platform) => {
    const found = await progress.step("Looking at every expectation", () => checkExpectations(platform, source));
    const verdict = ({ passed, severity }: Finding): string =>
      passed ? output.style.good("ok") : severity === "warn" ? output.style.warn("warn") : output.style.bad(severity);
    output.show({ expectations: found }, [
      found.length === 0
        ? "No expectations yet. Run slipway features expect SOURCE to have some proposed."
        : {
            columns: ["source or view", "expectation", "verdict", "seen"],
            rows: found.map((each) => [each.source, each.expectation, verdict(each), each.seen]),
          },
    ]);
    const failed = found.filter(({ passed, severity }) => !passed && severity !== "warn");
    const [first] = failed;
    if (first)
      throw new SlipwayError(
        "EXPECTATION_FAILED",
        `${failed.length} expectation${failed.length === 1 ? " does" : "s do"} not hold (${first.source}: ${first.expectation}). Rows that are rejected are kept out and set aside: slipway quarantine list.`,
      );
  });
}
