import { definitionsOf } from "../../define/define.ts";
import { runMonitor, tellAlerts } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, instantText } from "../words.ts";

/** `slipway monitor run [monitor]` */
export async function run(context: CommandContext, options: { readonly at?: string }, name?: string): Promise<void> {
  const { output, progress } = context;
  await withPlatform(
    context,
    async (platform) => {
      const names = name === undefined ? definitionsOf(platform.project, "monitor").map((each) => each.name) : [name];
      const looks = [];
      for (const each of names)
        looks.push(await progress.step(`Looking with ${each}`, () => runMonitor(platform, each)));
      const told = await progress.step("Telling channels", () => tellAlerts(platform));
      for (const { channel, outcome } of told)
        if (outcome.kind === "failed") progress.line(`channel ${channel}: ${outcome.problem}`);
      const documents = looks.map(({ from, to, ...rest }) => ({
        ...rest,
        from: instantText(from),
        to: instantText(to),
      }));
      output.show({ looks: documents }, [
        {
          columns: ["monitor", "status", "version", "predictions", "drifted", "labelled", "AUC", "log loss", "opened"],
          rows: looks.map(({ monitor, status, version, predictions, drift, performance, opened }) => [
            monitor,
            status,
            version,
            predictions,
            drift === undefined ? undefined : `${Math.round(100 * drift.driftedShare)} %`,
            performance?.rowCount,
            figure(performance?.auc),
            figure(performance?.logLoss),
            opened.join(", "),
          ]),
        },
        ...looks.flatMap(({ monitor, notWatched }) =>
          notWatched === undefined ? [] : [`${monitor} does not watch ${notWatched}.`],
        ),
      ]);
    },
    { at: options.at },
  );
}
