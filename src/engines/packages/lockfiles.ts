// How each tool writes down what it has resolved. Only names and versions are taken; a lockfile of another shape gives what is recognised.

interface LockReader {
  readonly name: string;
  /** Everything that is locked, as `name@version`. Throws a SyntaxError for what is no such file. */
  read(text: string): readonly string[];
}

/** The lockfiles that are known, in the order in which they are looked for. */
export const lockReaders: readonly LockReader[] = [
  { name: "package-lock.json", read: npm },
  { name: "npm-shrinkwrap.json", read: npm },
  { name: "pnpm-lock.yaml", read: pnpm },
  { name: "yarn.lock", read: yarn },
  { name: "bun.lock", read: bun },
];

type Entries = Readonly<
  Record<string, { readonly version?: unknown; readonly name?: unknown; readonly link?: unknown }>
>;

function npm(text: string): readonly string[] {
  const { packages, dependencies } = JSON.parse(text) as { packages?: Entries; dependencies?: Entries };
  const found: string[] = [];
  for (const [path, { name, version, link }] of Object.entries(packages ?? dependencies ?? {})) {
    if (path === "" || link === true || typeof version !== "string") continue;
    found.push(`${typeof name === "string" ? name : path.split("node_modules/").at(-1)}@${version}`);
  }
  return found;
}

/** Keys of `packages:`, such as `'@scope/name@1.2.3(peer@4)':` or, in older files, `/name@1.2.3:` and `/name/1.2.3:`. */
function pnpm(text: string): readonly string[] {
  const [, section = ""] = /^packages:\n((?:(?: .*)?\n)*)/m.exec(`${text}\n`) ?? [];
  return [...section.matchAll(/^ {2}'?\/?((?:@[^/\s'"]+\/)?[^@/\s'":]+)[@/]([^\s('":_]+)[^\n]*:\s*(?:\n|$)/gm)].map(
    ([, name, version]) => `${name}@${version}`,
  );
}

/** Blocks of `name@range, name@other:` with their `version "1.2.3"`, or `version: 1.2.3` in newer files. */
function yarn(text: string): readonly string[] {
  return [...text.matchAll(/^"?((?:@[^/\s"]+\/)?[^@\s"]+)@[^\n]*:\n {2}version:? "?([^"\n]+)"?$/gm)]
    .map(([, name, version]) => `${name}@${version}`)
    .filter((each) => !each.endsWith("@0.0.0-use.local"));
}

/** Entries of `"packages"`: a path with a list that begins with `name@version`. */
function bun(text: string): readonly string[] {
  const at = text.indexOf('"packages":');
  return at < 0
    ? []
    : [...text.slice(at).matchAll(/^\s+"[^"]+": \["((?:@[^/"]+\/)?[^@"]+@\d[^"]*)"/gm)].map(([, each]) => each ?? "");
}
