import { type AliasChange, aliasHistory, listVersions } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText, momentText } from "../words.ts";

/** `slipway models history <model>` */
export async function run(
  context: CommandContext,
  { alias }: { readonly alias: string },
  model: string,
): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    await listVersions(registry, model);
    const moves = await aliasHistory(registry, model, alias);
    const document = { model, alias, moves: moves.map((move) => ({ ...move, at: instantText(move.at) })) };
    context.output.show(document, [
      moves.length === 0
        ? `${model} has had no ${alias} yet.`
        : {
            columns: ["when", "from", "to", "who", "why", "evidence"],
            rows: moves.map((move) => [
              momentText(move.at),
              move.from,
              move.to,
              move.actor,
              move.reason,
              evidence(move),
            ]),
          },
    ]);
  });
}

function evidence({ action, decision, gates = [], approvals = [], forced = [] }: AliasChange): string {
  return [
    ...(action === "alias.rolled_back" ? ["rollback"] : []),
    ...(forced.length > 0 ? [`forced: ${forced.join("; ")}`] : []),
    ...(decision === undefined ? [] : [`decision ${decision}`]),
    ...(forced.length === 0 && gates.length > 0 ? [`${gates.length} gates passed`] : []),
    ...(approvals.length > 0 ? [`approved by ${approvals.join(", ")}`] : []),
  ].join(", ");
}
