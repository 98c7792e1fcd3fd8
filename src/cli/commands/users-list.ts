import { listUsers } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText, momentText } from "../words.ts";

/** `slipway users list` */
export async function run(context: CommandContext): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const users = (await listUsers(registry)).map(({ name, role, createdAt, keyAt }) => ({
      ...{ name, role },
      createdAt: instantText(createdAt),
      keyAt: instantText(keyAt),
    }));
    context.output.show({ signInNeeded: users.length > 0, users }, [
      users.length === 0
        ? "Nobody has to sign in. To change that: slipway users add NAME --role admin."
        : {
            columns: ["user", "role", "since", "key of"],
            rows: users.map(({ name, role, createdAt, keyAt }) => [
              name,
              role,
              momentText(createdAt),
              momentText(keyAt),
            ]),
          },
    ]);
  });
}
