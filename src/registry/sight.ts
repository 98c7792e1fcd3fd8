// What a list may show to the user who asks: the same that `access` says of one thing at a time, as conditions on the rows of a search, so that pages and
// their tokens count only what is seen.

import { type RawBuilder, sql } from "kysely";
import type { RegistryContext } from "./context.ts";

/** A user from whom something may be kept. */
export interface Sight {
  readonly user: string;
  /** Whether other people's things are seen unless they were kept from the user, and not only those that were given. */
  readonly isOpen: boolean;
}

type Sql = RawBuilder<unknown>;

/** The experiment that is there for all. */
const SHARED = sql`'0'`;

/** What limits whoever asks; undefined where everything is seen. */
export async function sightOf({ records: { db }, onlooker }: RegistryContext): Promise<Sight | undefined> {
  if (onlooker === undefined) return undefined;
  const { otherwise, kept } = await db
    .selectNoFrom((from) => [
      from.selectFrom("default_permission").select("permission").as("otherwise"),
      from
        .selectFrom("grants")
        .select((each) => each.fn.countAll().as("kept"))
        .where("user_name", "=", onlooker)
        .where("permission", "=", "none")
        .as("kept"),
    ])
    .executeTakeFirstOrThrow();
  const isOpen = otherwise !== "none";
  return isOpen && Number(kept) === 0 ? undefined : { user: onlooker, isOpen };
}

function given({ user }: Sight, kind: string, thing: Sql, which: Sql): Sql {
  return sql`exists (select 1 from grants g where g.user_name = ${user} and g.kind = ${kind} and g.thing = ${thing} and g.permission ${which} 'none')`;
}

/** What lies in an experiment, by whomever. */
function seesContents(sight: Sight, experiment: Sql): Sql {
  return sight.isOpen
    ? sql`not ${given(sight, "experiment", experiment, sql`=`)}`
    : given(sight, "experiment", experiment, sql`<>`);
}

/** That an experiment is seen; no condition without a limit. */
export function seenExperiments(sight: Sight | undefined, experiment: Sql): readonly Sql[] {
  if (!sight) return [];
  const isKept = given(sight, "experiment", experiment, sql`=`);
  return [sql`(${seesContents(sight, experiment)} or (${experiment} = ${SHARED} and not ${isKept}))`];
}

/** That a run `r` is seen. */
export function seenRuns(sight: Sight | undefined, r: string): readonly Sql[] {
  if (!sight) return [];
  const [maker, experiment] = [sql.ref(`${r}.made_by`), sql.ref(`${r}.experiment_id`)];
  return [sql`(${maker} = ${sight.user} or ${seesContents(sight, experiment)})`];
}

/** That a logged model `l` is seen. */
export function seenLoggedModels(sight: Sight | undefined, l: string): readonly Sql[] {
  if (!sight) return [];
  const [id, run, experiment] = [sql.ref(`${l}.id`), sql.ref(`${l}.run_id`), sql.ref(`${l}.experiment_id`)];
  const isOwn = sql`exists (select 1 from runs own where own.id = ${run} and own.made_by = ${sight.user})`;
  return [sql`(${given(sight, "loggedModel", id, sql`<>`)} or ${seesContents(sight, experiment)} or ${isOwn})`];
}

/** That a registered model of that name is seen. */
export function seenModels(sight: Sight | undefined, name: Sql): readonly Sql[] {
  if (!sight) return [];
  return [sight.isOpen ? sql`not ${given(sight, "model", name, sql`=`)}` : given(sight, "model", name, sql`<>`)];
}

/** Which names of registered models are seen, where rows hold several or more than names. */
export async function modelsSeen(context: RegistryContext): Promise<(name: string) => boolean> {
  const sight = await sightOf(context);
  if (!sight) return () => true;
  const rows = await context.records.db
    .selectFrom("grants")
    .select("thing")
    .where("user_name", "=", sight.user)
    .where("kind", "=", "model")
    .where("permission", sight.isOpen ? "=" : "!=", "none")
    .execute();
  const named = new Set(rows.map(({ thing }) => thing));
  return (name) => named.has(name) !== sight.isOpen;
}

/** Conditions as one, for a query that takes one. */
export function every(conditions: readonly RawBuilder<unknown>[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.join([sql`1 = 1`, ...conditions], sql` and `)}`;
}
