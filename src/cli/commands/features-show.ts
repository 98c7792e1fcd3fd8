import { formatDuration } from "../../core/core.ts";
import { sourcePlace } from "../../define/define.ts";
import { describeViews } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText, ruleText } from "../words.ts";

/** `slipway features show <view>` */
export async function run(context: CommandContext, _options: unknown, name: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const [status] = await describeViews(platform, [name]);
    if (!status) return;
    const { view, hash, through } = status;
    const { style, show } = context.output;
    const ttl = view.ttl === undefined ? undefined : formatDuration(view.ttl);
    const features = view.features.map((feature) => ({
      name: feature.name,
      type: feature.type,
      rule: ruleText(feature.rule),
    }));
    const keys = view.keys.map((key) => ({ name: key.name, type: key.type }));
    const online = instantText(through);
    const source = { name: view.source.name, path: sourcePlace(view.source) };
    show({ name, entity: view.entity, keys, source, ttl, hash, online, features }, [
      `${style.bold(name)} of ${view.entity} (${keys.map((key) => `${key.name}: ${key.type}`).join(", ")})`,
      `from ${source.name}, ${source.path}${ttl === undefined ? "" : `; at most ${ttl} old`}`,
      `online up to ${online ?? "nothing yet: slipway features materialize"}`,
      "",
      { columns: ["feature", "type", "is"], rows: features.map((each) => [each.name, each.type, each.rule]) },
    ]);
  });
}
