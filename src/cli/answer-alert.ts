// What is said to an alert on the command line is said by the account that runs it.

import { type AlertAnswer, alertsOf } from "../platform/platform.ts";
import { aboutText, alertDocument, standingText } from "./alert-lines.ts";
import type { CommandContext } from "./run-command.ts";
import { withPlatform } from "./with-platform.ts";

/** Says it, and shows where the alert stands then. */
export async function answerFrom(
  context: CommandContext,
  reference: string,
  change: AlertAnswer["change"],
  note: string | undefined,
): Promise<void> {
  await withPlatform(context, async (platform) => {
    const alert = await alertsOf(platform).answer(reference, { change, ...(note === undefined ? {} : { note }) });
    const what = `Alert ${alert.id} (${aboutText(alert)} in ${alert.model})`;
    context.output.show(alertDocument(alert), [
      change === "commented" ? `${what} has your comment.` : `${what} is ${standingText(alert)}.`,
    ]);
  });
}
