import { alertsOf } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway alerts retry <delivery>` */
export async function run(context: CommandContext, _options: object, which: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const retried = await alertsOf(platform).retry(which);
    context.output.show({ retried }, [
      retried === 0
        ? "Nothing is dead."
        : `${retried === 1 ? "It is" : `${retried} are`} due again: a running server tells it, or slipway alerts deliver.`,
    ]);
  });
}
