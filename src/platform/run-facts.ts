// A run as flat facts under headings, so that any number of runs can be laid side by side: what differs comes first, and what is the same is
// not repeated.

import { typeText } from "../core/core.ts";
import type { ShownRun } from "./run-operations.ts";

/** A fact's value. */
export type Fact = string | number | null;

/** Facts by heading and name. */
export type Facts = Readonly<Record<Heading, Readonly<Record<string, Fact>>>>;

/** What facts are about, in the order in which they matter. */
export const headings = ["metrics", "params", "data", "code", "packages", "engines", "machine", "resources"] as const;

type Heading = (typeof headings)[number];

/** One fact of several things. */
export interface ComparedFact {
  readonly name: string;
  /** In the order of the things; null where one has none. */
  readonly values: readonly Fact[];
  readonly differs: boolean;
}

/** Several things side by side. */
export interface Comparison {
  /** Facts by heading; those that differ first. */
  readonly sections: readonly { readonly heading: string; readonly facts: readonly ComparedFact[] }[];
}

/** What is known of a run, flat. */
export function factsOf(run: ShownRun): Facts {
  const { provenance, resources } = run;
  const code = provenance?.code;
  const [dataset] = run.datasets;
  return {
    metrics: run.metrics,
    params: run.params,
    data: {
      ...(dataset ? { dataset: dataset.id, rows: dataset.rows, from: dataset.timeFrom, to: dataset.timeTo } : {}),
      ...Object.fromEntries(run.datasets.slice(1).map(({ id }, place) => [`dataset ${place + 2}`, id])),
      ...Object.fromEntries(run.inputs.map(({ name, digest }) => [`input ${name}`, digest])),
      ...Object.fromEntries((dataset?.columns ?? []).map(({ name, type }) => [`column ${name}`, typeText(type)])),
    },
    code: {
      commit: run.git?.commit ?? code?.problem ?? null,
      branch: run.git?.branch ?? null,
      "uncommitted changes": code?.patch ? `${code.changed.join(", ")} (${code.patch.hash.slice(0, 12)})` : null,
      "untracked files": code && code.untracked.length > 0 ? code.untracked.join(", ") : null,
      command: run.command,
      slipway: provenance?.slipway ?? null,
    },
    packages: provenance?.packages
      ? {
          lockfile: provenance.packages.lock
            ? `${provenance.packages.lock.file} ${provenance.packages.lock.hash.slice(0, 12)}`
            : null,
          ...byPackage(provenance.packages.resolved),
        }
      : {},
    engines: {
      ...provenance?.engines,
      ...Object.fromEntries(
        Object.entries(provenance?.seeds ?? {}).map(([name, seed]) => [`seed of the ${name}`, seed]),
      ),
      threads: provenance?.threads ?? null,
    },
    machine: provenance ? { ...provenance.machine } : {},
    resources: {
      seconds: run.durationSeconds,
      "processor seconds": resources?.cpuSeconds ?? null,
      "peak memory": resources?.peakMemory ?? null,
    },
  };
}

/** Packages by name; several versions of one are told together. */
export function byPackage(resolved: readonly string[]): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const each of resolved) {
    const at = each.lastIndexOf("@");
    const [name, version] = [each.slice(0, at), each.slice(at + 1)];
    const before = found.get(name);
    found.set(name, before === undefined ? version : `${before}, ${version}`);
  }
  return Object.fromEntries(found);
}

/** Lays facts side by side. */
export function compareFacts(all: readonly Readonly<Record<string, Readonly<Record<string, Fact>>>>[]): Comparison {
  const names = [...new Set(all.flatMap((facts) => Object.keys(facts)))];
  return {
    sections: names.map((heading) => {
      const keys = [...new Set(all.flatMap((facts) => Object.keys(facts[heading] ?? {})))];
      const facts = keys.map((name): ComparedFact => {
        const values = all.map((each) => each[heading]?.[name] ?? null);
        return { name, values, differs: values.some((value) => !Object.is(value, values[0])) };
      });
      return {
        heading,
        facts: [...facts.filter(({ differs }) => differs), ...facts.filter(({ differs }) => !differs)],
      };
    }),
  };
}
