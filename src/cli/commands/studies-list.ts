import { studyList } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, momentText } from "../words.ts";

/** `slipway studies list` */
export async function run(context: CommandContext, { model }: { readonly model?: string }): Promise<void> {
  await withPlatform(context, async (platform) => {
    const studies = await studyList(platform, model);
    const { show, style } = context.output;
    show({ studies }, [
      studies.length === 0
        ? "No studies yet. Begin one: slipway tune MODEL."
        : {
            columns: ["study", "model", "status", "begun", "trials", "of", "pruned", "failed", "by", "best", "sampler"],
            rows: studies.map((study) => [
              study.name,
              study.model,
              study.status === "failed" ? style.bad(study.status) : study.status,
              momentText(study.startedAt),
              study.complete + study.pruned + study.failed,
              study.budget,
              study.pruned,
              study.failed,
              study.goals.map(({ name }) => name).join(", "),
              figure(study.best?.value),
              study.sampler,
            ]),
          },
    ]);
  });
}
