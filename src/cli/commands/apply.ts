import { applyDefinitions, planChanges } from "../../platform/platform.ts";
import { planLines } from "../plan-lines.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway apply` */
export async function run(
  context: CommandContext,
  { allowBreaking }: { readonly allowBreaking?: boolean },
): Promise<void> {
  const { output, progress } = context;
  await withPlatform(context, async (platform) => {
    const { plan, changes } = await progress.step("Applying definitions", async () => {
      const planned = await planChanges(platform);
      const applied = await applyDefinitions(platform, { allowBreaking: allowBreaking === true });
      return { plan: planned, changes: applied };
    });
    output.show(
      { project: platform.project.name, hash: platform.project.hash, changes, plan },
      planLines(plan, output.style),
    );
  });
}
