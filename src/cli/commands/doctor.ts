// Looks at everything a project needs and says what to do about what is missing. Each check is one line: it never throws, it
// changes nothing and it fetches nothing; of a table in a database it reads the columns and no row. The command fails when a check does, so that scripts can ask it.

import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { asSlipwayError, type ErrorCode, SlipwayError } from "../../core/core.ts";
import { collectProject, definitionsOf, type SourceSpec, sourcePlace } from "../../define/define.ts";
import { loadConfig } from "../load-config.ts";
import { cacheDirOf, stateDirOf } from "../places.ts";
import type { CommandContext } from "../run-command.ts";

interface Check {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  /** Which kind of failure it is; the first decides the exit code. */
  readonly code?: ErrorCode;
  readonly found: string;
  /** What to do; for all but `ok`. */
  readonly next?: string;
}

/** `slipway doctor` */
export async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  const { style } = output;
  const python = await askPython(context);
  const checks = [nodeCheck(), pythonCheck(python), xgboostCheck(context, python), ...(await projectChecks(context))];
  const mark = { ok: style.good("ok  "), warn: style.warn("warn"), fail: style.bad("fail") };
  output.show({ checks }, [
    ...checks.flatMap(({ name, state, found, next }) => [
      `${mark[state]}  ${name}: ${found}`,
      ...(next === undefined ? [] : [`      → ${next}`]),
    ]),
  ]);
  const failed = checks.filter(({ state }) => state === "fail");
  if (failed.length === 0) return;
  const names = failed.map(({ name }) => name).join(", ");
  throw new SlipwayError(failed[0]?.code ?? "INTERNAL", `Not ready: ${names}. The lines above say what to do.`);
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const found = `${process.versions.node} on ${process.platform} ${process.arch}`;
  if (major > 20 || (major === 20 && minor >= 19)) return { name: "Node", state: "ok", found };
  return { name: "Node", state: "fail", code: "ENGINE_NOT_INSTALLED", found, next: "Install Node 20.19 or newer." };
}

interface Python {
  readonly version: string;
  readonly pip: boolean;
  /** The folder of the installed xgboost package; empty when there is none. */
  readonly xgboost: string;
}

const ASK_PYTHON = `import sys, json, importlib.util as u
sys.path = [p for p in sys.path if p]
x = u.find_spec("xgboost")
print(json.dumps({"version": sys.version.split()[0], "pip": u.find_spec("pip") is not None,
  "xgboost": next(iter(x.submodule_search_locations or []), "") if x else ""}))`;

async function askPython({ host, signal }: CommandContext): Promise<Python | undefined> {
  const python = process.platform === "win32" ? "python" : "python3";
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", ASK_PYTHON], { env: { ...host.env }, signal });
    return JSON.parse(stdout) as Python;
  } catch {
    return undefined;
  }
}

function pythonCheck(python: Python | undefined): Check {
  const name = "Python";
  if (python?.pip) return { name, state: "ok", found: `${python.version} with pip` };
  const found = python === undefined ? "not found" : `${python.version} without pip`;
  const next =
    "Only needed to fetch the XGBoost library: install Python 3 with pip, or set XGBOOST_LIB to a libxgboost.";
  return { name, state: "warn", found, next };
}

function xgboostCheck({ host }: CommandContext, python: Python | undefined): Check {
  const name = "XGBoost";
  const { XGBOOST_LIB } = host.env;
  if (XGBOOST_LIB) {
    if (existsSync(XGBOOST_LIB)) return { name, state: "ok", found: `${XGBOOST_LIB}, from XGBOOST_LIB` };
    const next = "Point XGBOOST_LIB at a libxgboost, or unset it.";
    return {
      name,
      state: "fail",
      code: "LIBRARY_NOT_FOUND",
      found: `XGBOOST_LIB is ${XGBOOST_LIB}, which is not there`,
      next,
    };
  }
  if (python?.xgboost) return { name, state: "ok", found: `the Python package in ${python.xgboost}` };
  const cache = cacheDirOf(host);
  const fetched = (existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: "utf8" }) : []).find((file) =>
    /xgboost\.(so|dylib|dll)$/.test(file),
  );
  if (fetched !== undefined) return { name, state: "ok", found: `${join(cache, fetched)}, fetched before` };
  const next = python?.pip
    ? "The first training fetches it with pip, unless a system library is found; that needs the network once."
    : "Install a libxgboost and set XGBOOST_LIB to it, or install Python 3 with pip.";
  return { name, state: "warn", found: "not fetched yet", next };
}

async function projectChecks(context: CommandContext): Promise<readonly Check[]> {
  const { host, globals } = context;
  try {
    const { file, root, config } = await loadConfig(host.cwd, globals.project);
    const sources = definitionsOf(collectProject(config.name, config.definitions), "source");
    return [
      { name: "Config", state: "ok", found: `${config.name}, from ${file}` },
      writableCheck("State", stateDirOf(host, globals, root), "or choose another with --state"),
      writableCheck("Downloads", cacheDirOf(host), "or choose another with SLIPWAY_CACHE"),
      ...(await Promise.all(sources.map((source) => sourceCheck(source, root, host.env)))),
    ];
  } catch (thrown) {
    const { code, message } = asSlipwayError(thrown);
    return [{ name: "Config", state: "fail", code, found: code, next: message }];
  }
}

function writableCheck(name: string, folder: string, otherwise: string): Check {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
    return { name, state: "ok", found: existsSync(folder) ? folder : `${folder} (not there yet)` };
  } catch {
    return {
      name,
      state: "fail",
      code: "STATE_NOT_WRITABLE",
      found: `${folder} cannot be written`,
      next: `Check the permissions of ${nearest}, ${otherwise}.`,
    };
  }
}

async function sourceCheck(source: SourceSpec, root: string, env: CommandContext["host"]["env"]): Promise<Check> {
  const name = `Source ${source.name}`;
  const found = sourcePlace(source);
  if (source.format === "postgres" || source.format === "sqlite") {
    const { localReaders } = await import("../../presets/presets.ts");
    try {
      await localReaders({ root, env })
        .find(({ format }) => format === source.format)
        ?.probe(source);
      return { name, state: "ok", found };
    } catch (thrown) {
      const { code, message } = asSlipwayError(thrown);
      return { name, state: "fail", code, found: `${found} cannot be read`, next: message };
    }
  }
  const path = source.format === "push" ? source.history : source.path;
  if (path === undefined) return { name, state: "ok", found };
  // Of a glob only the folder is looked at; training and materialising read the files themselves.
  const parts = resolve(root, path).split("/");
  const open = parts.findIndex((part) => /[*?[{]/.test(part));
  const file = (open < 0 ? parts : parts.slice(0, open)).join("/");
  if (existsSync(file)) return { name, state: "ok", found };
  const next = `Put the data there, or change the path in the definition: it starts at ${root}.`;
  return { name, state: "fail", code: "SOURCE_NOT_FOUND", found: `${file} is not there`, next };
}
