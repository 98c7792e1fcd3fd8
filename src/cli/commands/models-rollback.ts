import { rollback } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models rollback <model>` */
export async function run(context: CommandContext, _options: unknown, model: string): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const { from, to } = await rollback(registry, model, "champion", "rolled back on the command line");
    context.output.show({ model, champion: to, before: from }, [
      `Version ${to} is the champion of ${model} again (it was version ${from}).`,
    ]);
  });
}
