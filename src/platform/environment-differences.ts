// What is no longer as it was when a version was trained: code, definition, packages, engines, machine. What can change the model's bytes matters;
// the rest is told for the reader's own judgement.

import { definitionHash, type ModelSpec } from "../define/define.ts";
import { getRun, provenanceOf, type VersionRecord } from "../registry/registry.ts";
import {
  continuedParameters,
  environmentOf,
  type TrainingEnvironment,
  trainerParameters,
} from "../training/training.ts";
import { parentOf } from "./going-on.ts";
import type { Platform } from "./open.ts";
import { byPackage } from "./run-facts.ts";

/** One thing that is not as it was. */
export interface EnvironmentDifference {
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Whether it can make the model another one. */
  readonly matters: boolean;
  /** More, in words; may be empty. */
  readonly note: string;
}

/** Everything that differs but the data. */
export async function environmentDifferences(
  platform: Platform,
  model: ModelSpec,
  version: VersionRecord,
): Promise<readonly EnvironmentDifference[]> {
  const then = version.environment as Partial<TrainingEnvironment>;
  const provenance = await platform.training.provenance();
  const now = environmentOf(provenance, model.trainer.seed);
  const found: EnvironmentDifference[] = [];
  const tell = (what: string, before: unknown, after: unknown, matters: boolean, note = ""): void => {
    const [a, b] = [textOf(before), textOf(after)];
    if (a !== b) found.push({ what, before: a, after: b, matters, note });
  };
  await tellCode(platform, then.git, now.git, tell);
  const run = version.runId === null ? undefined : await getRun(platform.registry, version.runId);
  const parameters = { ...trainerParameters(model), ...continuedParameters(await parentOf(platform, version)) };
  if (run)
    for (const name of new Set([...Object.keys(run.params), ...Object.keys(parameters)]))
      tell(`parameter ${name}`, run.params[name], parameters[name], true);
  tell(
    "definition",
    version.definitionsHash.slice(0, 12),
    definitionHash(model).slice(0, 12),
    true,
    found.some(({ what }) => what.startsWith("parameter "))
      ? ""
      : "the model's own words, its features or its sources were changed",
  );
  const before = version.runId === null ? undefined : await provenanceOf(platform.registry, version.runId);
  const { packages } = then;
  if (packages) tell("lockfile", lockText(packages.lock), lockText(now.packages.lock), true);
  else tell("lockfile", null, lockText(now.packages.lock), false, "not recorded then");
  if (before?.packages) {
    const [a, b] = [byPackage(before.packages.resolved), byPackage(provenance.packages.resolved)];
    for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort())
      tell(`package ${name}`, a[name], b[name], true);
  }
  tell("slipway", then.slipway, now.slipway, true);
  // The trainer's engine tells its version only when it has trained; the online store takes no part.
  for (const name of Object.keys(now.engines))
    tell(name, then.engines?.[name], now.engines[name], name !== "lmdb" && name !== "node");
  tell("threads", then.threads, now.threads, false, "as many as then are used");
  tell("machine", then.machine?.processor, now.machine.processor, false);
  tell("system", then.machine?.system, now.machine.system, false);
  tell("platform", then.platform, now.platform, true);
  return found;
}

type Tell = (what: string, before: unknown, after: unknown, matters: boolean, note?: string) => void;

async function tellCode(
  { engines, root }: Platform,
  then: TrainingEnvironment["git"] | undefined,
  now: TrainingEnvironment["git"],
  tell: Tell,
): Promise<void> {
  if (then && now && then.commit !== now.commit) {
    const patch = await engines.versionControl.diff(root, then.commit, now.commit, "folder");
    if (patch === null)
      tell(
        "commit",
        then.commit.slice(0, 12),
        now.commit.slice(0, 12),
        false,
        "nothing in the project's folder differs",
      );
    else
      tell(
        "commit",
        then.commit.slice(0, 12),
        now.commit.slice(0, 12),
        true,
        patch === undefined
          ? "it is not in the repository here; git fetch may bring it"
          : `git checkout ${then.commit.slice(0, 12)} brings it back`,
      );
  } else tell("commit", then?.commit.slice(0, 12) ?? null, now?.commit.slice(0, 12) ?? null, true);
  tell("uncommitted changes", then?.patch?.slice(0, 12), now?.patch?.slice(0, 12), true);
}

function lockText(lock: { readonly file: string; readonly hash: string } | null | undefined): string | null {
  return lock ? `${lock.file} ${lock.hash.slice(0, 12)}` : null;
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value);
}
