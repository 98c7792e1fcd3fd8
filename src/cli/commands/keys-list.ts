import { listKeys } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { stateFolder } from "../with-platform.ts";

/** `slipway keys list` */
export async function run(context: CommandContext): Promise<void> {
  const keys = await listKeys(await stateFolder(context));
  context.output.show({ keys }, [
    keys.length === 0
      ? "There are no keys. Make one to sign exports with: slipway keys create."
      : {
          columns: ["name", "fingerprint", "key"],
          rows: keys.map(({ name, own, fingerprint, key }) => [own ? "own (signs)" : name, fingerprint, key]),
        },
  ]);
}
