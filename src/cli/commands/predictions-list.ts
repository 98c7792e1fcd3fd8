import { type Instant, parseInstant, SlipwayError } from "../../core/core.ts";
import { listPredictions } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf, figure, momentText } from "../words.ts";

interface ListWords {
  readonly of?: string;
  readonly route?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: string;
}

const ROUTES = ["champion", "canary", "override", "shadow"];

/** `slipway predictions list <model>` */
export async function run(context: CommandContext, words: ListWords, model: string): Promise<void> {
  const { of: version, route, from, to } = words;
  if (route !== undefined && !ROUTES.includes(route))
    throw new SlipwayError("USAGE", `--route ${route} is none: give ${ROUTES.join(", ")}.`);
  const filter = {
    limit: countOf("--limit", words.limit),
    ...(version === undefined ? {} : { version: countOf("--of", version) }),
    ...(route === undefined ? {} : { route }),
    ...(from === undefined ? {} : { from: timeOf("--from", from) }),
    ...(to === undefined ? {} : { to: timeOf("--to", to) }),
  };
  await withPlatform(context, async (platform) => {
    const predictions = await listPredictions(platform, model, filter);
    context.output.show({ model, predictions }, [
      predictions.length === 0
        ? `No prediction of ${model} is logged${Object.keys(filter).length === 1 ? " yet" : " that is so"}.`
        : {
            columns: ["when", "id", "version", "route", "score", "label"],
            rows: predictions.map((each) => [
              momentText(each.at),
              each.id,
              each.version,
              each.route,
              figure(each.score),
              each.label === null ? null : String(each.label),
            ]),
          },
    ]);
  });
}

function timeOf(option: string, text: string): Instant {
  try {
    return parseInstant(text);
  } catch (cause) {
    throw new SlipwayError(
      "USAGE",
      `${option} ${text} is not a time: give one such as 2013-07-01 or 2013-07-01T14:00:00Z.`,
      { cause },
    );
  }
}
