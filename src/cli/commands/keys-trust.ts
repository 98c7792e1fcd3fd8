import { trustKey } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { stateFolder } from "../with-platform.ts";

/** `slipway keys trust <name> <key>` */
export async function run(context: CommandContext, _options: unknown, name: string, line: string): Promise<void> {
  const { key, fingerprint } = await trustKey(await stateFolder(context), name, line);
  context.output.show({ name, key, fingerprint }, [`What ${name} (${fingerprint}) signed is taken in from now on.`]);
}
