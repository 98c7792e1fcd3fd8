import { definitionsOf } from "../../define/define.ts";
import { type RetrainOutcome, runRetraining } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText } from "../words.ts";

/** `slipway retrain run [rule]` */
export async function run(
  context: CommandContext,
  options: { readonly at?: string; readonly force?: boolean },
  name?: string,
): Promise<void> {
  const { output, progress, signal } = context;
  await withPlatform(
    context,
    async (platform) => {
      const names = name === undefined ? definitionsOf(platform.project, "retrain").map((each) => each.name) : [name];
      const outcomes: { readonly rule: string; readonly outcome: RetrainOutcome }[] = [];
      for (const rule of names) {
        const outcome = await progress.step(`Running ${rule}`, () =>
          runRetraining(platform, rule, {
            force: options.force === true,
            signal,
            onNote: (text) => progress.note(text),
            onStep: ({ round }) => progress.note(`round ${round}`),
          }),
        );
        outcomes.push({ rule, outcome });
      }
      output.show(
        { rules: outcomes.map(({ rule, outcome }) => ({ rule, ...documentOf(outcome) })) },
        outcomes.map(({ rule, outcome }) => `${rule}: ${sentence(outcome)}`),
      );
    },
    { at: options.at },
  );
}

function documentOf(outcome: RetrainOutcome): Readonly<Record<string, unknown>> {
  if (outcome.kind === "waiting") return outcome;
  const { verdict, reason, champion, challenger, at, id, alertIds } = outcome.decision;
  return {
    kind: outcome.kind,
    id,
    at: instantText(at),
    verdict,
    reason,
    champion,
    challenger,
    alertIds,
    gate: outcome.gate,
  };
}

function sentence(outcome: RetrainOutcome): string {
  if (outcome.kind === "waiting") return `nothing to do, ${outcome.reason}.`;
  const { challenger, reason } = outcome.decision;
  return `version ${challenger}: ${reason}`;
}
