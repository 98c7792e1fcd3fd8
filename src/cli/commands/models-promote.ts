import { moveAlias, resolveVersion } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models promote <model> <version>` */
export async function run(context: CommandContext, _options: unknown, model: string, reference: string): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const { number } = await resolveVersion(registry, model, reference);
    const { from } = await moveAlias(registry, {
      model,
      alias: "champion",
      version: number,
      reason: "promoted on the command line",
    });
    const before = from === null ? "there was none" : `it was version ${from}`;
    context.output.show({ model, champion: number, before: from }, [
      `Version ${number} is the champion of ${model} (${before}).`,
    ]);
  });
}
