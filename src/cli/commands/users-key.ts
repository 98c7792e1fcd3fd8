import { newKeyFor } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway users key <name>` */
export async function run(context: CommandContext, _options: unknown, name: string): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const { key } = await newKeyFor(registry, name);
    context.output.show({ name, key }, [`The new key of ${name}, which is shown this once:`, `  ${key}`]);
  });
}
