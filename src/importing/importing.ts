// The door of `importing`: another tool's project as definitions. Nothing of it is run.

import { isAbsolute, relative, resolve, sep } from "node:path";
import { configText, definitionsText, type Plan } from "./definitions-text.ts";
import { planFeast } from "./feast-plan.ts";
import { readFeastRepo } from "./feast-repo.ts";
import { type Note, newNotes } from "./notes.ts";
import type { FileColumn } from "./types.ts";

export type { Note } from "./notes.ts";
export type { FileColumn } from "./types.ts";

/** How to import. */
export interface ImportOptions {
  /** Where the definitions will stand: paths in them start there. */
  readonly out: string;
  /** The columns of a Parquet file or glob; undefined when it is not there or cannot be read. */
  columnsOf(path: string): Promise<readonly FileColumn[] | undefined>;
}

/** Definitions to be written, and what they do not hold. */
export interface Imported {
  readonly project: string;
  /** File contents by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly carried: Readonly<Record<"entities" | "sources" | "views" | "onDemand" | "services", readonly string[]>>;
  readonly notes: readonly Note[];
}

/** Turns a Feast repository into definitions. Throws INPUT_INVALID when the folder is none. */
export async function importFeast(folder: string, { out, columnsOf }: ImportOptions): Promise<Imported> {
  const notes = newNotes();
  const repo = await readFeastRepo(folder, notes);
  const pathFrom = (path: string): string => {
    const from = relative(resolve(out), path).split(sep).join("/");
    return isAbsolute(from) ? path : from;
  };
  const plan: Plan = await planFeast(repo, notes, { columnsOf, pathFrom });
  const names = (all: readonly { readonly name: string }[]): readonly string[] => all.map(({ name }) => name);
  return {
    project: plan.project,
    files: { "definitions.ts": definitionsText(plan), "slipway.config.ts": configText(plan.project) },
    carried: {
      entities: names(plan.entities),
      sources: names(plan.sources),
      views: names(plan.views),
      onDemand: names(plan.onDemand),
      services: names(plan.services),
    },
    notes: plan.notes,
  };
}
