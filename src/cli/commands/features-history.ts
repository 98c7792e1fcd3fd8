import { parseInstant } from "../../core/core.ts";
import { findView } from "../../define/define.ts";
import { featureHistory } from "../../platform/platform.ts";
import { keyOf } from "../key-words.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf } from "../words.ts";

interface HistoryWords {
  readonly key?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly after?: string;
  readonly limit: string;
}

/** `slipway features history <view> <key...>` */
export async function run(
  context: CommandContext,
  options: HistoryWords,
  name: string,
  given: readonly string[],
): Promise<void> {
  const words = [...given, ...(options.key ?? [])];
  const instant = (text: string | undefined): bigint | undefined =>
    text === undefined ? undefined : parseInstant(text);
  await withPlatform(context, async (platform) => {
    const { keys } = findView(platform.project, name);
    const history = await context.progress.step("Looking through the data", () =>
      featureHistory(platform, name, keyOf(words, keys), {
        from: instant(options.from),
        to: instant(options.to),
        after: instant(options.after),
        limit: countOf("--limit", options.limit),
      }),
    );
    const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
    context.output.show(
      history,
      history.changes.length === 0
        ? [`${name} of ${words.join(" ")} did not change in that time.`]
        : [
            {
              columns: ["known at", "feature", "before", "after", "why"],
              rows: history.changes.flatMap(({ at, changed, why }) =>
                changed.map(({ feature, before, after }, index) => [
                  index === 0 ? at : "",
                  feature,
                  shown(before),
                  shown(after),
                  index === 0 ? why.map(({ text }) => text).join("; ") : "",
                ]),
              ),
            },
            ...(history.next === null ? [] : [`More: --after ${history.next}`]),
          ],
    );
  });
}
