import { definitionsOf } from "../../define/define.ts";
import { type AuditSummary, auditReads } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway features audit [model]` */
export async function run(context: CommandContext, _options: unknown, model?: string): Promise<void> {
  const { output, progress } = context;
  await withPlatform(context, async (platform) => {
    const models = model === undefined ? definitionsOf(platform.project, "model").map(({ name }) => name) : [model];
    const audits: AuditSummary[] = [];
    for (const name of models) audits.push(await progress.step(`Auditing ${name}`, () => auditReads(platform, name)));
    const views = audits.flatMap((audit) => audit.views);
    const sum = (figure: "reads" | "mismatches"): number => audits.reduce((total, audit) => total + audit[figure], 0);
    const [reads, mismatches] = [sum("reads"), sum("mismatches")];
    const verdict = `${mismatches} mismatches in ${reads} reads`;
    output.show({ reads, mismatches, models: audits }, [
      { columns: ["view", "reads", "mismatches"], rows: views.map((view) => [view.view, view.reads, view.mismatches]) },
      ...views
        .flatMap(({ examples }) => examples)
        .slice(0, 10)
        .map(
          ({ id, view, feature, online, offline }) => `${id} ${view}.${feature}: online ${online}, offline ${offline}`,
        ),
      mismatches === 0 ? output.style.good(verdict) : output.style.bad(verdict),
    ]);
  });
}
