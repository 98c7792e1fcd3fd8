import type { ShownRun } from "../platform/platform.ts";
import { bytesText } from "./words.ts";

const named = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(", ") : `${names.slice(0, 4).join(", ")} and ${names.length - 4} more`;

/** What a run was made with, as words for people. */
export function provenanceFacts({
  git,
  provenance,
}: Pick<ShownRun, "git" | "provenance">): readonly (readonly [string, string | null])[] {
  const commit = git && `${git.commit}${git.branch === null ? "" : ` on ${git.branch}`}`;
  if (!provenance) return [["commit", commit]];
  const { code, packages, engines, machine, seeds, slipway } = provenance;
  const { patch } = code;
  const left = patch && patch.leftOut.length > 0 ? `, without ${named(patch.leftOut)}, which are too large` : "";
  return [
    ["commit", commit ?? code.problem],
    [
      "uncommitted",
      patch ? `${named(code.changed)}; kept as ${patch.artifact} (${bytesText(patch.bytes)}${left})` : null,
    ],
    ["untracked", code.untracked.length > 0 ? named(code.untracked) : null],
    [
      "packages",
      packages &&
        (packages.lock
          ? `${packages.lock.file} ${packages.lock.hash.slice(0, 12)}: ${packages.resolved.length} packages, ${Object.keys(packages.direct).length} of them direct`
          : packages.problem),
    ],
    [
      "engines",
      Object.entries({ slipway, ...engines })
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    [
      "machine",
      `${machine.host}: ${machine.processor}, ${machine.cores} cores, ${bytesText(machine.memory)}, ${machine.system} ${machine.architecture}`,
    ],
    [
      "seeds",
      Object.entries(seeds)
        .map(([name, seed]) => `${name} ${seed}`)
        .join(", "),
    ],
  ];
}
