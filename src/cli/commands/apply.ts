import { applyDefinitions } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway apply` */
export async function run(context: CommandContext): Promise<void> {
  const { output, progress } = context;
  await withPlatform(context, async (platform) => {
    const changes = await progress.step("Applying definitions", () => applyDefinitions(platform));
    const changed = changes.filter(({ change }) => change !== "unchanged");
    const mark = { added: output.style.good("+"), changed: output.style.warn("~"), removed: output.style.bad("-") };
    output.show({ project: platform.project.name, hash: platform.project.hash, changes }, [
      ...changed.map(({ change, kind, name }) => `${change === "unchanged" ? " " : mark[change]} ${kind} ${name}`),
      changed.length === 0
        ? `Nothing to do: ${changes.length} definitions are applied as they are.`
        : `${changed.length} of ${changes.length} definitions changed.`,
    ]);
  });
}
