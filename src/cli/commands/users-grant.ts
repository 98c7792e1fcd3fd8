import { SlipwayError } from "../../core/core.ts";
import { giveAccess, takeAccess } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

const SAID: Readonly<Record<string, (name: string, thing: string) => string>> = {
  default: (name, thing) => `${name} may do with ${thing} what everybody may.`,
  none: (name, thing) => `${name} may not even look at ${thing}.`,
  read: (name, thing) => `${name} may look at ${thing}.`,
  edit: (name, thing) => `${name} may change ${thing}.`,
  manage: (name, thing) => `${name} may change and delete ${thing}.`,
};

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
    if (permission === "default") await takeAccess(registry, name, { kind, id });
    else await giveAccess(registry, name, { kind, id }, permission);
    context.output.show({ name, kind, id, permission }, [SAID[permission]?.(name, `${kind} ${id}`) ?? ""]);
  });
}
