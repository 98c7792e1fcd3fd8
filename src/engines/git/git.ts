// The door of the Git engine: a repository read, and tagged, with the user's own `git`.

import { realpathSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import type { CodeState, CommitTag, VersionControl } from "../../ports/workspace.ts";
import { type Git, type GitEnvironment, gitOf, refusalOf } from "./command.ts";
import { patchOf } from "./patch.ts";
import { withoutCredentials } from "./remote.ts";

/** How many names of files are kept. */
const MOST_NAMES = 200;
/** How many tags are looked at. */
const MOST_TAGS = 500;

const DIFF = [
  "diff",
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--no-renames",
  "--full-index",
  "--src-prefix=a/",
  "--dst-prefix=b/",
];

const UNKNOWN: Omit<CodeState, "problem"> = {
  commit: null,
  branch: null,
  remote: null,
  changed: [],
  untracked: [],
  patch: null,
};

/** Version control with Git; `env` is where `git` is looked for. */
export function git(env: GitEnvironment): VersionControl {
  const run = gitOf(env);
  return {
    stateOf: (folder, ignore = []) => stateOf(run, folder, ignore),
    commitOf: (folder, revision) => commitOf(run, folder, revision),
    diff: async (folder, from, to, within) => {
      const ends = await Promise.all([commitOf(run, folder, from), commitOf(run, folder, to)]);
      const [a, b] = ends;
      if (a === undefined || b === undefined) return undefined;
      const place = within === "folder" ? ["--", "."] : [];
      const told = await run(folder, [...DIFF, a, b, ...place]);
      return told.ok ? patchOf(told.stdout) : undefined;
    },
    tag: (folder, tag) => makeTag(run, folder, tag),
    tagsUpTo: (folder, revision, holding) => tagsUpTo(run, folder, revision, holding),
  };
}

async function stateOf(run: Git, folder: string, ignore: readonly string[]): Promise<CodeState> {
  const top = await run(folder, ["rev-parse", "--show-toplevel"]);
  if (!top.ok) return { ...UNKNOWN, problem: problemOf(top.stderr, folder) };
  const root = text(top.stdout);
  const head = await commitOf(run, root, "HEAD");
  if (head === undefined) return { ...UNKNOWN, problem: `the Git repository ${root} has no commit yet` };
  const place = ["--", ".", ...ignore.flatMap((path) => exclusion(root, path))];
  const [branch, remote, status, diff] = await Promise.all([
    run(root, ["symbolic-ref", "--quiet", "--short", "HEAD"]),
    run(root, ["config", "--get", "remote.origin.url"]),
    run(root, ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal", ...place]),
    run(root, [...DIFF, head, ...place]),
  ]);
  const files = text(status.stdout)
    .split("\0")
    .filter((line) => line.length > 3);
  const named = (isUntracked: boolean): readonly string[] =>
    files
      .filter((line) => line.startsWith("??") === isUntracked)
      .map((line) => line.slice(3))
      .sort()
      .slice(0, MOST_NAMES);
  return {
    commit: head,
    branch: branch.ok ? text(branch.stdout) : null,
    remote: remote.ok ? withoutCredentials(text(remote.stdout)) : null,
    changed: named(false),
    untracked: named(true),
    patch: diff.ok ? patchOf(diff.stdout) : null,
    problem: status.ok && diff.ok ? null : problemOf(status.ok ? diff.stderr : status.stderr, folder),
  };
}

/** Leaves a path out of what Git looks at, where it lies in the repository. */
function exclusion(root: string, path: string): readonly string[] {
  const below = relative(root, realPath(path)).split(sep).join("/");
  return below === "" || below.startsWith("../") || isAbsolute(below) ? [] : [`:(exclude,literal)${below}`];
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function problemOf(stderr: string, folder: string): string {
  if (/not a git repository/i.test(stderr)) return `${folder} is in no Git repository`;
  return `git cannot read it: ${stderr.split("\n")[0] ?? ""}`;
}

async function commitOf(run: Git, folder: string, revision: string): Promise<string | undefined> {
  if (revision === "" || /[\0\n]/.test(revision)) return undefined;
  const told = await run(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
  return told.ok ? text(told.stdout) : undefined;
}

async function makeTag(
  run: Git,
  folder: string,
  { name, commit, message }: Pick<CommitTag, "name" | "commit" | "message">,
): Promise<void> {
  const isName = !name.startsWith("-") && (await run(folder, ["check-ref-format", `refs/tags/${name}`])).ok;
  if (!isName) throw new SlipwayError("INPUT_INVALID", `${JSON.stringify(name)} is no name for a Git tag.`);
  const known = await run(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", `refs/tags/${name}`]);
  if (known.ok)
    throw new SlipwayError(
      "ALREADY_EXISTS",
      `There is a Git tag "${name}" already. Choose another name, or remove it with: git tag -d ${name}.`,
      { details: { tag: name } },
    );
  const made = await run(folder, ["tag", "--annotate", "--file=-", "--cleanup=verbatim", "--", name, commit], message);
  if (!made.ok) throw refusalOf(made, `Git could not make the tag "${name}"`);
}

async function tagsUpTo(
  run: Git,
  folder: string,
  revision: string,
  holding: string,
): Promise<readonly CommitTag[] | undefined> {
  const commit = await commitOf(run, folder, revision);
  if (commit === undefined) return undefined;
  const format = "%(refname:strip=2)%00%(objecttype)%00%(*objectname)%00%(contents)%00%00";
  const told = await run(folder, [
    "for-each-ref",
    `--merged=${commit}`,
    "--sort=-creatordate",
    `--format=${format}`,
    "refs/tags",
  ]);
  if (!told.ok) throw refusalOf(told, "Git could not list its tags");
  const found: CommitTag[] = [];
  for (const entry of told.stdout.toString("utf8").split("\0\0\n")) {
    const [name = "", type, tagged = "", ...message] = entry.split("\0");
    const words = message.join("\0");
    if (type !== "tag" || tagged === "" || !words.includes(holding)) continue;
    if (found.length === MOST_TAGS) break;
    const count = await run(folder, ["rev-list", "--count", `${tagged}..${commit}`]);
    found.push({ name, commit: tagged, message: words, distance: count.ok ? Number(text(count.stdout)) : 0 });
  }
  return found.sort((a, b) => a.distance - b.distance);
}

function text(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/\n$/, "");
}
