import { SlipwayError } from "../../core/core.ts";
import { giveAccess, takeAccess } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway users grant <name> <kind> <id> <permission>` */
export async function run(
  context: CommandContext,
  _options: unknown,
  name: string,
  kind: string,
  id: string,
  permission: string,
): Promise<void> {
  if (kind !== "experiment" && kind !== "model")
    throw new SlipwayError("USAGE", `"${kind}" is not given to anyone: give an experiment or a model.`);
  await withPlatform(context, async ({ registry }) => {
    if (permission === "none") await takeAccess(registry, name, { kind, id });
    else await giveAccess(registry, name, { kind, id }, permission);
    context.output.show({ name, kind, id, permission }, [
      permission === "none" ? `${name} may only read ${kind} ${id}.` : `${name} may ${permission} ${kind} ${id}.`,
    ]);
  });
}
