// Lives a period again and says, month by month, what retraining was worth. An earlier replay of the same period, definitions and
// data is taken up where it stopped; one of anything else is thrown away, which touches nothing of the project's own state.

import { parseInstant, SlipwayError } from "../../core/core.ts";
import { findDefinition } from "../../define/define.ts";
import { openReplay, type ReplayDay, type ReplayMonth, replayMonths, runReplay } from "../../platform/platform.ts";
import type { TableLines } from "../output.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure } from "../words.ts";

/** `slipway replay <model>` */
export async function run(
  context: CommandContext,
  options: { readonly from?: string; readonly to?: string },
  name: string,
): Promise<void> {
  const { output, progress, signal } = context;
  if (options.from === undefined || options.to === undefined)
    throw new SlipwayError("USAGE", `Say which period: slipway replay ${name} --from 2013-05-01 --to 2013-06-01.`);
  const [from, to] = [parseInstant(options.from), parseInstant(options.to)];
  if (to <= from) throw new SlipwayError("USAGE", `--to ${options.to} must be after --from ${options.from}.`);
  await withPlatform(context, async (shared, opened) => {
    const model = findDefinition(shared.project, "model", name);
    const replay = await openReplay(opened, shared, { model: name, from, to });
    try {
      if (replay.resumed) progress.line("Going on with the replay that is there.");
      const request = {
        model: name,
        from,
        to,
        signal,
        onNote: (text: string) => progress.note(text),
        onDay: (day: ReplayDay) => tell(context, day),
      };
      const result = await progress.step(`Replaying ${name}`, () => runReplay(replay, request));
      const months = await replayMonths(replay.platform, model, result.frozen, from, to);
      output.show({ model: name, from: options.from, to: options.to, ...result, months }, [
        monthTable(months),
        `${result.predictions} predictions. Frozen: version ${result.frozen}, never retrained.`,
      ]);
    } finally {
      await replay.close();
    }
  });
}

function tell({ progress }: CommandContext, { day, predictions, round, version }: ReplayDay): void {
  progress.note(`${day}: ${predictions} predictions by version ${version ?? "none"}`);
  for (const { monitor, opened } of round.looks)
    if (opened.length > 0) progress.line(`  ${day} ${monitor}: alert (${opened.join(", ")})`);
  for (const { rule, outcome } of round.retrained)
    if (outcome.kind === "decided") {
      const { challenger, reason } = outcome.decision;
      progress.line(`  ${day} ${rule}: version ${challenger}: ${reason}`);
    }
  for (const { message } of round.failures) progress.line(`  ${day} failed: ${message.split("\n", 1)[0]}`);
}

function monthTable(months: readonly ReplayMonth[]): TableLines {
  const pair = "frozen / retrained";
  return {
    columns: [
      "month",
      "predictions",
      "label rate",
      `AUC ${pair}`,
      `log loss ${pair}`,
      "alerts",
      "challengers",
      "promoted",
    ],
    rows: months.map(({ month, flights, lateShare, auc, logLoss, alerts, challengers, promoted }) => [
      month,
      flights,
      figure(lateShare),
      `${figure(auc.frozen)} / ${figure(auc.retrained)}`,
      `${figure(logLoss.frozen)} / ${figure(logLoss.retrained)}`,
      alerts,
      challengers,
      promoted.join(", "),
    ]),
  };
}
