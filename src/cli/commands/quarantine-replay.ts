import { replayQuarantined } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway quarantine replay [batch]` */
export async function run(
  context: CommandContext,
  { source }: { readonly source?: string },
  batch?: string,
): Promise<void> {
  const { output, progress } = context;
  await withPlatform(context, async (platform) => {
    const which = { ...(source === undefined ? {} : { source }), ...(batch === undefined ? {} : { batch }) };
    const released = await progress.step("Looking at the rows again", () => replayQuarantined(platform, which));
    const sum = (figure: "before" | "held"): number => released.reduce((total, each) => total + each[figure], 0);
    const [before, held] = [sum("before"), sum("held")];
    const keyCount = (keys: Readonly<Record<string, number>>): number => Object.values(keys).reduce((a, b) => a + b, 0);
    output.show({ before, held, batches: released }, [
      {
        columns: ["batch", "source", "rows", "still held", "keys computed anew"],
        rows: released.map((each) => [each.batch, each.source, each.before, each.held, keyCount(each.keys)]),
      },
      released.length === 0 ? "Nothing is in quarantine." : `${before} rows were held, ${held} are still.`,
    ]);
  });
}
