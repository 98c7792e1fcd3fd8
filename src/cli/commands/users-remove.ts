import { isSignInNeeded, removeUser } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway users remove <name>` */
export async function run(context: CommandContext, _options: unknown, name: string): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    await removeUser(registry, name);
    const signInNeeded = await isSignInNeeded(registry);
    context.output.show({ removed: name, signInNeeded }, [
      `Removed ${name}; running servers refuse the key within a second.`,
      ...(signInNeeded ? [] : ["There is no user left: nobody has to sign in any more."]),
    ]);
  });
}
