import { rotateSecretsKey } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway keys rotate` */
export async function run(context: CommandContext): Promise<void> {
  await withPlatform(context, async (platform) => {
    const sealed = await rotateSecretsKey(platform, context.host.env);
    context.output.show({ sealed }, [
      `There is a new key. ${sealed === 1 ? "1 secret is" : `${sealed} secrets are`} sealed with it now.`,
    ]);
  });
}
