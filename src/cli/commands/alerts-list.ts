import { type Severity, SlipwayError, severities } from "../../core/core.ts";
import { alertsOf } from "../../platform/platform.ts";
import { alertDocument, alertTable } from "../alert-lines.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf } from "../words.ts";

interface ListWords {
  readonly status: string;
  readonly model?: string;
  readonly monitor?: string;
  readonly from?: string;
  readonly limit: string;
}

const STATUSES = ["open", "acknowledged", "resolved"] as const;

/** `slipway alerts list` */
export async function run(context: CommandContext, words: ListWords): Promise<void> {
  const { status, model, monitor } = words;
  const known = STATUSES.find((each) => each === status);
  if (known === undefined && status !== "all")
    throw new SlipwayError("USAGE", `--status ${status} is none: give ${STATUSES.join(", ")} or all.`);
  const from = words.from === undefined ? undefined : severityOf(words.from);
  const filter = {
    limit: countOf("--limit", words.limit),
    ...(known === undefined ? {} : { status: known }),
    ...(model === undefined ? {} : { model }),
    ...(monitor === undefined ? {} : { monitor }),
    ...(from === undefined ? {} : { from }),
  };
  await withPlatform(context, async (platform) => {
    const alerts = await alertsOf(platform).list(filter);
    context.output.show({ alerts: alerts.map(alertDocument) }, [
      alerts.length === 0 ? `No alert is ${known ?? "there"}.` : alertTable(alerts),
    ]);
  });
}

function severityOf(text: string): Severity {
  const found = severities.find((each) => each === text);
  if (found) return found;
  throw new SlipwayError("USAGE", `--from ${text} is no severity: give ${severities.join(", ")}.`);
}
