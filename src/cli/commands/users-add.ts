import { addUser, isSignInNeeded } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway users add <name>` */
export async function run(context: CommandContext, { role }: { readonly role: string }, name: string): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const isFirst = !(await isSignInNeeded(registry));
    const { key } = await addUser(registry, name, role);
    context.output.show({ name, role, key }, [
      `Added ${name} as ${role}. The key, which is shown this once:`,
      `  ${key}`,
      ...(isFirst ? ["From now on servers of this project ask everybody for a key."] : []),
    ]);
  });
}
