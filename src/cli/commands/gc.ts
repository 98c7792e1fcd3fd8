import { clearGarbage, clearTemporary } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { bytesText, durationOf } from "../words.ts";

/** `slipway gc` */
export async function run(
  context: CommandContext,
  { olderThan, dryRun = false }: { readonly olderThan: string; readonly dryRun?: boolean },
): Promise<void> {
  const age = durationOf("--older-than", olderThan);
  await withPlatform(context, async (platform) => {
    const cleared = await clearGarbage(platform.registry, { olderThan: age, dryRun });
    const { forgotten, kept } = cleared;
    const freed = { ...cleared.freed, temporary: await clearTemporary(platform, { olderThan: age, dryRun }) };
    const row = (what: string, { files, bytes }: { readonly files: number; readonly bytes: number }) => [
      what,
      files,
      bytesText(bytes),
    ];
    const total = Object.values(freed).reduce((sum, { bytes }) => sum + bytes, 0);
    context.output.show({ dryRun, freed, forgotten, kept }, [
      {
        columns: [dryRun ? "would go" : "gone", "files", "size"],
        rows: [
          row("contents that nothing names", freed.contents),
          row("uploads that nobody went on with", freed.uploads),
          row("left unfinished", freed.unfinished),
          row("temporary files of processes that ended", freed.temporary),
          row("snapshots that no dataset names", freed.snapshots),
          row("copies of rows no longer in quarantine", freed.quarantined),
        ],
      },
      ...(forgotten.files > 0
        ? [
            `${dryRun ? "Would let" : "Let"} go of ${forgotten.files} files of ${forgotten.runs} deleted runs and ${forgotten.loggedModels} deleted logged models.`,
          ]
        : []),
      "",
      {
        columns: ["stays, because", "files", "size"],
        rows: [
          row("a version names it", kept.ofVersions),
          row("a run or logged model names it", kept.ofRuns),
          row(`written less than ${olderThan} ago`, kept.young),
        ],
      },
      ...(kept.origins > 0
        ? [`${kept.origins} deleted runs and logged models keep theirs: a version comes from them.`]
        : []),
      `${dryRun ? "Would free" : "Freed"} ${bytesText(total)}.`,
    ]);
  });
}
