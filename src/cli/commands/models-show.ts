import { listAliases, listVersions, resolveVersion } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, instantText } from "../words.ts";

/** `slipway models show <model> [version]` */
export async function run(
  context: CommandContext,
  _options: unknown,
  model: string,
  reference?: string,
): Promise<void> {
  const { output } = context;
  await withPlatform(context, async ({ registry }) => {
    if (reference !== undefined) {
      const { profile: _left, createdAt, ...version } = await resolveVersion(registry, model, reference);
      const document = { ...version, createdAt: instantText(createdAt) };
      const plain = Object.entries(document).filter(([, value]) => value === null || typeof value !== "object");
      const metrics = Object.entries(version.metrics).map(([name, value]) => [name, figure(value)]);
      output.show(document, [
        {
          columns: ["version", String(version.number)],
          rows: [...plain.map(([name, value]) => [name, String(value)])],
        },
        "",
        { columns: ["metric", "value"], rows: metrics },
        "",
        JSON.stringify(version.environment, null, 2),
      ]);
      return;
    }
    const aliases = await listAliases(registry, model);
    const versions = (await listVersions(registry, model)).map((version) => ({
      number: version.number,
      createdAt: instantText(version.createdAt),
      run: version.runId,
      dataset: version.datasetId,
      metrics: version.metrics,
      aliases: aliases.filter((alias) => alias.version === version.number).map(({ alias }) => alias),
    }));
    const names = [...new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)))];
    output.show({ model, versions }, [
      {
        columns: ["version", "made", ...names, "aliases"],
        rows: versions.map(({ number, createdAt, metrics, aliases: own }) => [
          number,
          createdAt,
          ...names.map((name) => figure(metrics[name])),
          own.join(", "),
        ]),
      },
    ]);
  });
}
