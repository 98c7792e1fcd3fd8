// Looks at everything a project needs and says what to do about what is missing. Each check is one line: it never throws, it
// changes nothing and it fetches nothing. The command fails when a check does, so that scripts can ask it.

import { execFile } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { asSlipwayError, type ErrorCode, SlipwayError } from "../../core/core.ts";
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
  const checks = [nodeCheck(), await pythonCheck(context), ...(await projectChecks(context))];
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

const ASK_PYTHON = `import sys, importlib.util as u
print(sys.version.split()[0], "with pip" if u.find_spec("pip") else "")`;

async function pythonCheck({ host, signal }: CommandContext): Promise<Check> {
  const name = "Python";
  const next =
    "Only needed to fetch the XGBoost library: install Python 3 with pip, or set XGBOOST_LIB to a libxgboost.";
  try {
    const python = process.platform === "win32" ? "python" : "python3";
    const { stdout } = await promisify(execFile)(python, ["-c", ASK_PYTHON], { env: { ...host.env }, signal });
    const found = stdout.trim();
    return found.endsWith("pip")
      ? { name, state: "ok", found }
      : { name, state: "warn", found: `${found} without pip`, next };
  } catch {
    return { name, state: "warn", found: "not found", next };
  }
}

async function projectChecks(context: CommandContext): Promise<readonly Check[]> {
  const { host, globals } = context;
  try {
    const { file, root, config } = await loadConfig(host.cwd, globals.project);
    return [
      { name: "Config", state: "ok", found: `${config.name}, from ${file}` },
      writableCheck("State", stateDirOf(host, globals, root), "or choose another with --state"),
      writableCheck("Downloads", cacheDirOf(host), "or choose another with SLIPWAY_CACHE"),
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
