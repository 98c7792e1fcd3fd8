import { errorTable } from "../../core/core.ts";
import { promotionStanding, resolveVersion } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText } from "../words.ts";

/** `slipway models gates <model> <version>`: ends with 78 when something is missing, as promoting would. */
export async function run(
  context: CommandContext,
  { alias }: { readonly alias: string },
  model: string,
  reference: string,
): Promise<void> {
  const { output } = context;
  await withPlatform(context, async ({ registry }) => {
    const version = await resolveVersion(registry, model, reference);
    const { gates, approvals, open } = await promotionStanding(registry, version, alias);
    const given = approvals.given.map(({ at, ...rest }) => ({ ...rest, at: instantText(at) }));
    const document = { model, version: version.number, alias, gates, approvals: { ...approvals, given }, open };
    const { good, bad } = output.style;
    output.show(
      document,
      [
        ...gates.map(({ gate, passed }) => `${passed ? good("passed") : bad("failed")}  ${gate}`),
        ...(approvals.needed === 0
          ? []
          : [`${given.length} of ${approvals.needed} approvals by the role ${approvals.by}`]),
        ...given.map(({ by, at, reason }) => `  ${by}, ${at}: ${reason}`),
        open.length === 0
          ? `Nothing keeps version ${version.number} from being the ${alias} of ${model}.`
          : `Version ${version.number} may not be the ${alias} of ${model} yet: ${open.length} open.`,
      ],
      open.length === 0 ? 0 : errorTable.GATE_FAILED.exit,
    );
  });
}
