import { distrustKey } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { stateFolder } from "../with-platform.ts";

/** `slipway keys distrust <name>` */
export async function run(context: CommandContext, _options: unknown, name: string): Promise<void> {
  await distrustKey(await stateFolder(context), name);
  context.output.show({ name }, [`What ${name} signed is no longer taken in; what came in before stays.`]);
}
