import { getRun } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, instantText } from "../words.ts";

/** `slipway runs show <run>` */
export async function run(context: CommandContext, _options: unknown, id: string): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const { startedAt, endedAt, ...rest } = await getRun(registry, id);
    const shown = { ...rest, startedAt: instantText(startedAt), endedAt: instantText(endedAt) };
    const { name, status, model, actor, git, error, datasets, params, metrics } = shown;
    const facts = [
      ["name", name],
      ["status", status],
      ["model", model],
      ["started", shown.startedAt],
      ["ended", shown.endedAt],
      ["by", actor],
      ["commit", git === null ? null : `${git.commit}${git.dirty ? ", with changes" : ""}`],
      ["datasets", datasets.join(", ")],
      ["error", error],
    ].filter(([, value]) => value !== null && value !== undefined && value !== "");
    context.output.show(shown, [
      { columns: ["run", id], rows: facts },
      "",
      { columns: ["parameter", "value"], rows: Object.entries(params) },
      "",
      { columns: ["metric", "value"], rows: Object.entries(metrics).map(([metric, value]) => [metric, figure(value)]) },
    ]);
  });
}
