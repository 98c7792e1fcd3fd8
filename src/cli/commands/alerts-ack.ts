import { answerFrom } from "../answer-alert.ts";
import type { CommandContext } from "../run-command.ts";

/** `slipway alerts ack <alert>` */
export async function run(context: CommandContext, { note }: { readonly note?: string }, alert: string): Promise<void> {
  await answerFrom(context, alert, "acknowledged", note);
}
