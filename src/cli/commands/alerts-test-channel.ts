import { SlipwayError } from "../../core/core.ts";
import { testChannel } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway alerts test-channel <channel>` */
export async function run(context: CommandContext, _options: object, channel: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const outcome = await testChannel(platform, channel);
    if (outcome.kind === "failed")
      throw new SlipwayError(
        "CHANNEL_FAILED",
        `Nothing arrived on channel "${channel}": ${outcome.problem}.`.replace(/\.\.$/, "."),
        {
          details: { channel },
        },
      );
    context.output.show({ channel, delivered: true }, [`An example was told on channel "${channel}".`]);
  });
}
