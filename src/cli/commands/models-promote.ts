import { moveAlias, resolveVersion } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf } from "../words.ts";

interface PromoteWords {
  readonly alias: string;
  readonly reason?: string;
  readonly expect?: string;
  readonly force?: boolean;
}

/** `slipway models promote <model> <version>` */
export async function run(
  context: CommandContext,
  { alias, reason, expect, force = false }: PromoteWords,
  model: string,
  reference: string,
): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const { number } = await resolveVersion(registry, model, reference);
    const { from } = await moveAlias(registry, {
      model,
      alias,
      version: number,
      // A move that nothing forbids speaks for itself; a forced one does not.
      reason: reason ?? (force ? "" : "promoted on the command line"),
      force,
      ...(expect === undefined ? {} : { expect: expect === "none" ? null : countOf("--expect", expect) }),
    });
    const before = from === null ? "there was none" : from === number ? "as before" : `it was version ${from}`;
    context.output.show(
      { model, alias, version: number, before: from, ...(alias === "champion" ? { champion: number } : {}) },
      [`Version ${number} is the ${alias} of ${model} (${before}).`],
    );
  });
}
