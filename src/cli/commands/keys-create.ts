import { createSigningKey } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { stateFolder } from "../with-platform.ts";

/** `slipway keys create` */
export async function run(context: CommandContext): Promise<void> {
  const { key, fingerprint } = await createSigningKey(await stateFolder(context));
  context.output.show({ key, fingerprint }, [
    "This installation signs what it exports from now on. Give others this line to trust; the private key stays here:",
    key,
    `Fingerprint: ${fingerprint}`,
  ]);
}
