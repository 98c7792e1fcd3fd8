import { setRole } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway users role <name> <role>` */
export async function run(context: CommandContext, _options: unknown, name: string, role: string): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    await setRole(registry, name, role);
    context.output.show({ name, role }, [`${name} is ${role} now.`]);
  });
}
