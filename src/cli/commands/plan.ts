import { planChanges } from "../../platform/platform.ts";
import { planLines } from "../plan-lines.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** What `--detailed-exitcode` ends with when there is something to do, as in Terraform. */
const CHANGES = 2;

/** `slipway plan` */
export async function run(
  { output, progress, ...context }: CommandContext,
  { detailedExitcode }: { readonly detailedExitcode?: boolean },
): Promise<void> {
  await withPlatform({ output, progress, ...context }, async (platform) => {
    const plan = await progress.step("Comparing definitions", () => planChanges(platform));
    const exit = detailedExitcode === true && plan.changes.length > 0 ? CHANGES : 0;
    output.show(plan, planLines(plan, output.style), exit);
  });
}
