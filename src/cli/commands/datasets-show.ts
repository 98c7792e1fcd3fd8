import { showDataset } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway datasets show <dataset>` */
export async function run(context: CommandContext, _options: unknown, which: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const shown = await showDataset(platform, which, context.host.cwd);
    const { style, show } = context.output;
    const { manifest } = shown;
    const span = shown.timeFrom === null ? "no row has a time" : `${shown.timeFrom} to ${shown.timeTo}`;
    const files = (shown.sources ?? []).flatMap(
      ({ name, files: own, state }): readonly (readonly (string | number | undefined)[])[] =>
        own.length === 0
          ? [[name, undefined, undefined, state?.slice(0, 12)]]
          : own.map((file) => [name, file.path, file.bytes, file.hash.slice(0, 12)]),
    );
    show(shown, [
      `${style.bold(shown.id.slice(0, 12))} of ${shown.model}: ${shown.rows} rows, ${shown.columns} columns, ${span}`,
      shown.folder === null ? "the rows of a training, kept with its snapshot" : `in ${shown.folder}`,
      ...(shown.folder !== null && manifest === null ? ["its folder is gone, or holds another dataset by now"] : []),
      ...(manifest
        ? [
            `label known in ${manifest.label.known} rows, true in ${manifest.label.positive}; written by ${manifest.writer}`,
            "",
            {
              columns: ["part", "rows", "bytes", "SHA-256"],
              rows: manifest.parts.map((part) => [part.path, part.rows, part.bytes, part.hash.slice(0, 12)]),
            },
          ]
        : []),
      ...(shown.parts
        ? [
            "",
            {
              columns: ["part", "rows", "label true in"],
              rows: Object.entries(shown.parts).map(([name, part]) => [name, part.rows, part.positives]),
            },
          ]
        : []),
      ...(files.length > 0 ? ["", { columns: ["source", "file", "bytes", "SHA-256"], rows: files }] : []),
    ]);
  });
}
