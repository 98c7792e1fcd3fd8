import { getVersion, rollback } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, instantText, momentText } from "../words.ts";

/** `slipway models rollback <model>` */
export async function run(
  context: CommandContext,
  { alias, reason }: { readonly alias: string; readonly reason?: string },
  model: string,
): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const { from, to, promoted } = await rollback(registry, model, alias, reason ?? "rolled back on the command line");
    const { createdAt, metrics } = await getVersion(registry, model, to);
    const tested = Object.entries(metrics).filter(([name]) => name.startsWith("test."));
    const document = {
      ...{ model, alias, version: to, before: from, createdAt: instantText(createdAt), metrics },
      promoted: promoted === undefined ? null : { ...promoted, at: instantText(promoted.at) },
      ...(alias === "champion" ? { champion: to } : {}),
    };
    context.output.show(document, [
      `Version ${to} is the ${alias} of ${model} again (it was version ${from}).`,
      `  made ${momentText(createdAt)}${tested.map(([name, value]) => `, ${name} ${figure(value)}`).join("")}`,
      ...(promoted === undefined
        ? []
        : [`  promoted ${momentText(promoted.at)} by ${promoted.actor}: ${promoted.reason}`]),
    ]);
  });
}
