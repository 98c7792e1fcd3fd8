import { showPrediction } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, momentText } from "../words.ts";

/** `slipway predictions show <model> <id>` */
export async function run(context: CommandContext, _: unknown, model: string, id: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const shown = await showPrediction(platform, model, id);
    context.output.show(shown, [
      {
        columns: ["when", "version", "route", "score"],
        rows: shown.predictions.map(({ at, version, route, score }) => [momentText(at), version, route, figure(score)]),
      },
      ...(shown.labels.length === 0
        ? ["No label was pushed for it."]
        : [
            {
              columns: ["label", "known", "arrived"],
              rows: shown.labels.map(({ label, at, received }) => [
                String(label),
                momentText(at),
                momentText(received),
              ]),
            },
          ]),
    ]);
  });
}
