import { answerFrom } from "../answer-alert.ts";
import type { CommandContext } from "../run-command.ts";

/** `slipway alerts comment <alert> <text>` */
export async function run(context: CommandContext, _options: object, alert: string, text: string): Promise<void> {
  await answerFrom(context, alert, "commented", text);
}
