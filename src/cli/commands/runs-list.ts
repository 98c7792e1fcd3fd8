import { listRuns } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, instantText } from "../words.ts";

/** `slipway runs list` */
export async function run(context: CommandContext, options: { readonly model?: string }): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const filter = options.model === undefined ? {} : { model: options.model };
    const runs = (await listRuns(registry, filter)).map(({ startedAt, endedAt, ...rest }) => ({
      ...rest,
      startedAt: instantText(startedAt),
      endedAt: instantText(endedAt),
    }));
    context.output.show({ runs }, [
      runs.length === 0
        ? "No runs yet."
        : {
            columns: ["run", "name", "status", "started", "test AUC", "by"],
            rows: runs.map(({ id, name, status, startedAt, metrics, actor }) => [
              id,
              name,
              status,
              startedAt,
              figure(metrics["test.auc"]),
              actor,
            ]),
          },
    ]);
  });
}
