import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { showStudy } from "../../platform/platform.ts";
import { studyReport } from "../report/study-report.ts";
import { writeReport } from "../report/write-report.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway studies report` */
export async function run(
  context: CommandContext,
  { out }: { readonly out?: string },
  reference: string,
): Promise<void> {
  if (out === undefined) throw new SlipwayError("USAGE", "Say where to: --out FILE.html.");
  await withPlatform(context, async (platform) => {
    const study = await showStudy(platform, reference);
    const file = resolve(context.host.cwd, out);
    await writeReport(file, studyReport(study));
    context.output.show({ study: study.name, file }, [`The report of ${study.name} is in ${file}.`]);
  });
}
