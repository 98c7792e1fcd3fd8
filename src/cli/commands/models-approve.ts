// An approval is somebody's word, so the command line asks who it is by the key that a server would ask for; the account on this machine is
// nobody's role.

import { SlipwayError } from "../../core/core.ts";
import { approveVersion, mayDo, resolveVersion, signIn, withdrawApproval } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models approve <model> <version>` */
export async function run(
  context: CommandContext,
  { reason, withdraw = false }: { readonly reason?: string; readonly withdraw?: boolean },
  model: string,
  reference: string,
): Promise<void> {
  const key = context.host.env["SLIPWAY_API_KEY"];
  if (key === undefined)
    throw new SlipwayError(
      "SIGN_IN_NEEDED",
      "An approval is by someone with a key: set SLIPWAY_API_KEY. An admin gives one: slipway users add NAME --role approver.",
    );
  if (reason === undefined) throw new SlipwayError("USAGE", "--reason is needed: say what the approval rests on.");
  await withPlatform(context, async ({ registry }) => {
    const { name, role } = await signIn(registry, { key });
    if (!mayDo(role, "approve"))
      throw new SlipwayError(
        "FORBIDDEN",
        `${name} signs in as ${role}, which may not approve; approver and admin may.`,
      );
    const { number: version } = await resolveVersion(registry, model, reference);
    const as = { ...registry, actor: name };
    const approvals = withdraw
      ? await withdrawApproval(as, { model, version, reason })
      : await approveVersion(as, { model, version, role, reason });
    context.output.show({ model, version, approvals: approvals.map(({ by, role: own }) => ({ by, role: own })) }, [
      withdraw
        ? `${name} takes the approval of version ${version} of ${model} back.`
        : `${name} approves version ${version} of ${model}; so far: ${approvals.map(({ by }) => by).join(", ")}.`,
    ]);
  });
}
