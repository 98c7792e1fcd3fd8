import { SlipwayError } from "../../core/core.ts";
import { alertsOf } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf, instantText, momentText } from "../words.ts";

interface ListWords {
  readonly status: string;
  readonly channel?: string;
  readonly limit: string;
}

const STATUSES = ["waiting", "delivered", "dead"] as const;

/** `slipway alerts deliveries` */
export async function run(context: CommandContext, { status, channel, limit }: ListWords): Promise<void> {
  const known = STATUSES.find((each) => each === status);
  if (known === undefined && status !== "all")
    throw new SlipwayError("USAGE", `--status ${status} is none: give ${STATUSES.join(", ")} or all.`);
  const filter = {
    limit: countOf("--limit", limit),
    ...(known === undefined ? {} : { status: known }),
    ...(channel === undefined ? {} : { channel }),
  };
  await withPlatform(context, async (platform) => {
    const found = await alertsOf(platform).deliveries(filter);
    const deliveries = found.map(({ at, nextAt, ...rest }) => ({
      ...rest,
      at: instantText(at),
      nextAt: instantText(nextAt) ?? null,
    }));
    context.output.show({ deliveries }, [
      deliveries.length === 0
        ? `Nothing ${known === undefined ? "was told or is to be" : `is ${known}`}.`
        : {
            columns: ["when", "delivery", "channel", "change", "alert", "status", "tries", "next", "problem"],
            rows: deliveries.map((each) => [
              momentText(each.at),
              each.id.slice(-12),
              each.channel,
              each.change,
              each.alert.slice(-12),
              each.status,
              each.attempts,
              momentText(each.nextAt),
              each.problem,
            ]),
          },
    ]);
  });
}
