// A DVC repository: the folder with `.dvc/` in it, its cache, and the remote that is its default.

import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Where a repository keeps things. */
export interface Repository {
  readonly root: string;
  readonly cache: string;
  /** The default remote, if there is one: a folder, or a URL of something that is none. */
  readonly remote: { readonly folder: string } | { readonly url: string } | undefined;
}

/** The repository that a path lies in; undefined when it is in none. */
export async function repositoryOf(path: string): Promise<Repository | undefined> {
  for (let root = resolve(path); ; root = dirname(root)) {
    if (await isFolder(join(root, ".dvc"))) return describe(root);
    if (dirname(root) === root) return undefined;
  }
}

async function describe(root: string): Promise<Repository> {
  const home = join(root, ".dvc");
  const settings = new Map<string, string>();
  for (const name of ["config", "config.local"])
    for (const [key, value] of settingsOf(await readFile(join(home, name), "utf8").catch(() => "")))
      settings.set(key, value);
  const cache = settings.get("cache.dir");
  const name = settings.get("core.remote");
  const url = name === undefined ? undefined : settings.get(`remote "${name}".url`);
  return {
    root,
    cache: cache === undefined ? join(home, "cache") : resolve(home, cache),
    remote: url === undefined ? undefined : remoteAt(home, url),
  };
}

/** Relative ones start from the folder of the configuration. */
function remoteAt(home: string, url: string): Repository["remote"] {
  if (url.startsWith("file://")) return { folder: fileURLToPath(url) };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return { url };
  return { folder: isAbsolute(url) ? url : resolve(home, url) };
}

/** The settings of an INI file as `section.key`; a section in quotes, `['remote "store"']`, is as it is without. */
function settingsOf(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let section = "";
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    const [, named] = /^\['?(.*?)'?\]$/.exec(line) ?? [];
    const [, key, value] = /^([\w-]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (named !== undefined) section = named.trim();
    else if (key !== undefined && value !== undefined) settings.set(`${section}.${key}`, value);
  }
  return settings;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** Whether a folder is in a Git repository. */
export async function isInGit(path: string): Promise<boolean> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (await stat(join(folder, ".git")).catch(() => undefined)) return true;
    if (dirname(folder) === folder) return false;
  }
}
