import { tellAlerts } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway alerts deliver` */
export async function run(context: CommandContext): Promise<void> {
  await withPlatform(context, async (platform) => {
    const told = (await tellAlerts(platform)).map(({ id, channel, outcome }) => ({
      id,
      channel,
      delivered: outcome.kind === "delivered",
      problem: outcome.kind === "failed" ? outcome.problem : null,
    }));
    const arrived = told.filter(({ delivered }) => delivered).length;
    context.output.show({ told }, [
      told.length === 0 ? "Nothing is due." : `${arrived} of ${told.length} arrived.`,
      ...told.flatMap(({ channel, problem }) => (problem === null ? [] : [`channel ${channel}: ${problem}`])),
    ]);
  });
}
