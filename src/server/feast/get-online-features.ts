// `POST /get-online-features`: entities column by column, answered column by column.

import type { FastifyInstance } from "fastify";
import { definitionsOf, type Project } from "../../define/define.ts";
import { refuseTooMany } from "../asked-features.ts";
import type { ReadContext } from "../read-features.ts";
import { JSON_TYPE } from "../refusal.ts";
import { boolField, columnsField, objectBody, textField, textList } from "./body.ts";
import { type FeastSelection, missingKeys, selectReferences, serviceReferences } from "./feature-references.ts";
import { type KeyColumn, onlineFeaturesBytes } from "./online-features-bytes.ts";
import { feastError, keyError, pythonError, pythonList } from "./refusal.ts";

/** Adds the route. */
export function onlineFeaturesRoute(app: FastifyInstance, { reader, keyLimit, meters }: ReadContext): void {
  app.post("/get-online-features", async (request, reply) => {
    const body = objectBody(request.body);
    const columns = columnsField(body, "entities");
    const features = textList(body, "features") ?? [];
    const service = textField(body, "feature_service");
    const isFull = boolField(body, "full_feature_names", false);
    const withViews = boolField(body, "include_feature_view_version_metadata", false);
    const references = service === undefined ? features : serviceReferences(reader.project, service);
    const wanted = selectReferences(reader, references, isFull);
    const count = rowCount(columns);
    refuseTooMany(count, keyLimit);
    const given = askedColumns(reader.project, wanted, columns);
    const rows = Array.from({ length: count }, (_, row) => {
      const key: Record<string, unknown> = {};
      for (const [name, values] of given) key[name] = values[row];
      return key;
    });
    const reads = await reader.read(wanted.selection, rows, { asNumbers: true });
    meters.read(reads);
    const echoed = wanted.selection.keys
      .toSorted((a, b) => order(given, a.name) - order(given, b.name))
      .map(({ name, type }): KeyColumn => ({ name, type, values: reads.rows.map((row) => row[name] ?? null) }));
    return reply.type(JSON_TYPE).send(onlineFeaturesBytes(wanted, echoed, reads, count, withViews));
  });
}

type Columns = Readonly<Record<string, readonly unknown[]>>;

function rowCount(columns: Columns): number {
  const lengths = new Set(Object.values(columns).map(({ length }) => length));
  if (lengths.size > 1) throw pythonError("All entity rows must have the same columns.");
  const [length] = lengths;
  if (length === undefined) throw keyError("pop from an empty set");
  return length;
}

function order(given: ReadonlyMap<string, unknown>, name: string): number {
  return [...given.keys()].indexOf(name);
}

/**
 * The columns of keys and request values, in the order sent; what is neither is passed over. A key may be called by its entity's name. Request
 * values stand among the entities, and are not echoed.
 */
function askedColumns(
  project: Project,
  wanted: FeastSelection,
  columns: Columns,
): ReadonlyMap<string, readonly unknown[]> {
  const keys = new Set(wanted.selection.keys.map(({ name }) => name));
  const fields = new Set(wanted.selection.fields.map(({ name }) => name));
  const byEntity = new Map(
    wanted.selection.views.flatMap(({ spec }) =>
      spec.kind !== "onDemand" && spec.keys.length === 1 ? [[spec.entity, spec.keys[0]?.name ?? ""]] : [],
    ),
  );
  const given = new Map<string, readonly unknown[]>();
  for (const name in columns) {
    const key = fields.has(name) ? name : byEntity.get(name);
    // Null means missing here, and so does what JSON cannot say.
    if (key !== undefined)
      given.set(
        key,
        (columns[name] ?? []).map((value) => value ?? null),
      );
  }
  const unsaid = wanted.selection.fields
    .flatMap(({ name, optional }) => (given.has(name) || keys.has(name) || optional ? [] : [name]))
    .sort();
  if (unsaid.length > 0)
    throw feastError(
      "RequestDataNotFoundInEntityRowsException",
      `Required request data source features ${pythonList(unsaid)} not found in the entity rows, but required by feature views`,
    );
  const missing = [...keys].filter((key) => !given.has(key)).sort();
  const isEmpty = [...given.values()].some(({ length }) => length === 0);
  if (missing.length === 0 && !isEmpty) return given;
  const all = definitionsOf(project, "featureView").flatMap((view) => view.keys.map(({ name }) => name));
  const absent = [...new Set(all)].filter((key) => !given.has(key)).sort();
  const empty = [...new Set(all)].filter((key) => (given.get(key)?.length ?? 0) === 0).sort();
  throw missingKeys(absent, empty, [...given.keys()]);
}
