import { type DataType, SlipwayError } from "../../core/core.ts";
import { describeViews, readFeatures } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText, roughly, valueText } from "../words.ts";

/** `slipway features read <view> <key...>` */
export async function run(
  context: CommandContext,
  options: { readonly at?: string },
  name: string,
  words: readonly string[],
): Promise<void> {
  await withPlatform(
    context,
    async (platform) => {
      const [status] = await describeViews(platform, [name]);
      const types = new Map(status?.view.keys.map((key) => [key.name, key.type]));
      const key = Object.fromEntries(words.map((word) => keyOf(word, types)));
      const { values, status: state, age, through } = await readFeatures(platform, name, key);
      const features = (status?.view.features ?? []).map((feature) => ({
        name: feature.name,
        value: valueText(values[feature.name] ?? null, feature.type),
      }));
      const ageText = age === null ? undefined : roughly(age);
      const online = instantText(through);
      context.output.show({ view: name, key, status: state, ageMicros: age, online, values }, [
        `${words.join(" ")}: ${state}${ageText === undefined ? "" : `, newest event ${ageText} ago`}; online up to ${online}`,
        { columns: ["feature", "value"], rows: features.map((feature) => [feature.name, feature.value]) },
      ]);
    },
    { at: options.at },
  );
}

/** `name=value`, with the value as the key's type has it in JSON; what does not fit is left for the platform to refuse. */
function keyOf(word: string, types: ReadonlyMap<string, DataType>): [string, unknown] {
  const split = word.indexOf("=");
  if (split < 1) throw new SlipwayError("USAGE", `"${word}" is not a key. Write it as name=value, such as carrier=UA.`);
  const [name, text] = [word.slice(0, split), word.slice(split + 1)];
  const type = types.get(name);
  if (type === "int32" && /^-?\d+$/.test(text)) return [name, Number(text)];
  if (type === "bool" && (text === "true" || text === "false")) return [name, text === "true"];
  return [name, text];
}
