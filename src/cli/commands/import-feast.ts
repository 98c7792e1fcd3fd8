// Writes a Feast repository as definitions. Nothing of the repository is run, and no file that is there is written over without --force.

import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { importFeast } from "../../importing/importing.ts";
import { parquetColumns } from "../../presets/presets.ts";
import type { CommandContext } from "../run-command.ts";

/** `slipway import feast <repo>` */
export async function run(
  { host, output }: CommandContext,
  options: { readonly out: string; readonly force?: boolean },
  repo: string,
): Promise<void> {
  const out = resolve(host.cwd, options.out);
  const { project, files, carried, notes } = await importFeast(resolve(host.cwd, repo), {
    out,
    columnsOf: parquetColumns,
  });
  const taken = Object.keys(files).filter((file) => existsSync(join(out, file)));
  if (taken.length > 0 && options.force !== true)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${out} already has ${taken.join(", ")}. Choose another folder with --out, or write over them with --force.`,
      { details: { folder: out, taken } },
    );
  await mkdir(out, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    const target = join(out, file);
    await writeFile(`${target}.new`, text, { flush: true });
    await rename(`${target}.new`, target);
  }
  const counts = Object.entries(carried).map(([kind, names]) => `${names.length} ${words[kind as keyof typeof words]}`);
  const change = relative(host.cwd, out);
  output.show({ project, folder: out, written: Object.keys(files), carried, notCarried: notes }, [
    `${output.style.good("✓")} Feast project ${project} is in ${out}: ${Object.keys(files).join(", ")}.`,
    `  ${counts.join(", ")}.`,
    ...(notes.length === 0 ? [] : ["", "Not carried over, or not with the same meaning:"]),
    ...notes.map(({ what, where, why }) => `  ${output.style.warn("!")} ${what} (${where}): ${why}`),
    "",
    "Next:",
    ...(change === "" ? [] : [`  cd ${change}`]),
    "  slipway apply",
    "  slipway features materialize",
  ]);
}

const words = {
  entities: "entities",
  sources: "sources",
  views: "feature views",
  onDemand: "on-demand views",
  services: "feature services",
} as const;
