import { defaultPermission, setDefaultPermission } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

const SAID: Readonly<Record<string, string>> = {
  none: "Everybody sees what is their own, and of others' experiments and models what was given to them.",
  read: "Everybody may look at others' experiments and models.",
  edit: "Everybody may look at others' experiments and models, and change them as far as their role may change anything.",
};

/** `slipway users default [permission]` */
export async function run(context: CommandContext, _options: unknown, permission: string | undefined): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    if (permission !== undefined) await setDefaultPermission(registry, permission);
    const now = await defaultPermission(registry);
    context.output.show({ permission: now }, [SAID[now] ?? now]);
  });
}
