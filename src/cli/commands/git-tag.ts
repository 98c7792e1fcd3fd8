import { tagCommit } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway git tag <name>` */
export async function run(
  context: CommandContext,
  options: { readonly model?: readonly string[]; readonly dataset?: readonly string[]; readonly at?: string },
  name: string,
): Promise<void> {
  const { output } = context;
  await withPlatform(context, async (platform) => {
    const made = await tagCommit(platform, {
      name,
      ...(options.model === undefined ? {} : { models: options.model }),
      ...(options.dataset === undefined ? {} : { datasets: options.dataset }),
      ...(options.at === undefined ? {} : { at: options.at }),
    });
    output.show(made, [
      `The tag ${output.style.bold(name)} on commit ${made.commit.slice(0, 12)} names:`,
      ...made.models.map(({ model, number, hash }) => `  ${model}@${number}  ${hash.slice(0, 12)}`),
      ...made.datasets.map(({ id, model, rows }) => `  dataset ${id.slice(0, 12)}, ${rows} rows of ${model}`),
      ...made.warnings.map((warning) => output.style.warn(warning)),
      output.style.dim(`To share it: git push origin ${name}`),
    ]);
  });
}
