import { SlipwayError } from "../../core/core.ts";
import { showLineage } from "../../platform/platform.ts";
import { lineageDot, lineageTree } from "../lineage-text.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

interface LineageWords {
  readonly up?: boolean;
  readonly down?: boolean;
  readonly format: string;
}

const FORMATS = ["text", "json", "dot"];

/** `slipway lineage <thing>` */
export async function run(context: CommandContext, { up, down, format }: LineageWords, thing: string): Promise<void> {
  if (!FORMATS.includes(format))
    throw new SlipwayError("USAGE", `--format ${format} is not known; use ${FORMATS.join(", ")}.`);
  const direction = up === down ? "both" : up === true ? "up" : "down";
  await withPlatform(context, async (platform) => {
    const lineage = await showLineage(platform, thing, direction);
    const lines =
      format === "dot"
        ? [lineageDot(lineage)]
        : format === "json"
          ? [JSON.stringify(lineage, null, 2)]
          : lineageTree(lineage);
    context.output.show(lineage, lines);
  });
}
