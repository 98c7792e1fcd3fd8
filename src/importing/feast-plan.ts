// From Feast's objects to what will be written: types reconciled with the files, one entity per set of keys, and a source per file and set of
// columns that the views over it need.

import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataType } from "../core/core.ts";
import type {
  Plan,
  PlannedEntity,
  PlannedOnDemand,
  PlannedService,
  PlannedSource,
  PlannedView,
} from "./definitions-text.ts";
import { WORDS } from "./definitions-text.ts";
import { type FeastEntity, type FeastView, type ObjectReader, objectReader } from "./feast-objects.ts";
import { type FeastRepo, nameOf } from "./feast-repo.ts";
import { nameGiver, slipwayName, variableName } from "./names.ts";
import type { Notes } from "./notes.ts";
import { type InputColumn, onDemandOutputs } from "./on-demand.ts";
import type { PythonValue } from "./python-values.ts";
import { columnType, type FileColumn, feastType, isKeyType, member } from "./types.ts";

/** What planning asks of the world. */
export interface PlanContext {
  columnsOf(path: string): Promise<readonly FileColumn[] | undefined>;
  pathFrom(path: string): string;
}

/** A view that was carried over, by what Feast called it. */
interface Carried {
  readonly feast: FeastView;
  readonly view: PlannedView;
  /** Types by feature name. */
  readonly types: ReadonlyMap<string, DataType>;
}

/** Plans what to write. */
export async function planFeast(repo: FeastRepo, notes: Notes, context: PlanContext): Promise<Plan> {
  const reader = objectReader(repo, notes);
  const variable = nameGiver(WORDS);
  const sourceName = nameGiver([]);
  const entities = new Map<string, PlannedEntity>();
  const sources: PlannedSource[] = [];
  const carried: Carried[] = [];
  for (const object of repo.objects) {
    if (object.type !== "FeatureView" && object.type !== "BatchFeatureView") continue;
    const feast = reader.view(object);
    if (!feast) continue;
    const planned = await planView(feast, repo, notes, context);
    if (!planned) continue;
    const { keys, columns, features, types } = planned;
    const entityName = slipwayName(feast.entities.map(({ name }) => name).join("_"));
    const mark = `${entityName} ${JSON.stringify(keys)}`;
    const [first] = feast.entities;
    const entity: PlannedEntity = entities.get(mark) ?? {
      variable: variable(variableName(entityName)),
      name: nameGiver([...entities.values()].map(({ name }) => name))(entityName),
      keys,
      ...(feast.entities.length === 1 ? said(first) : {}),
    };
    entities.set(mark, entity);
    const { source } = feast;
    const wanted = { path: planned.path, columns, eventTime: planned.eventTime, created: source.created };
    const same = sources.find((each) => sameSource(each, wanted));
    const name = same?.name ?? sourceName(slipwayName(source.name));
    const plannedSource = same ?? {
      variable: variable(variableName(name.endsWith("source") ? name : `${name}_source`)),
      name,
      ...wanted,
      ...said(source),
    };
    if (!same) sources.push(plannedSource);
    const viewName = slipwayName(feast.name);
    if (viewName !== feast.name)
      notes.add(`feature view "${feast.name}"`, object.where, `is called "${viewName}" here.`);
    if (carried.some(({ view }) => view.name === viewName)) {
      notes.add(`feature view "${feast.name}"`, object.where, `has the same name as another view, "${viewName}".`);
      continue;
    }
    const view: PlannedView = {
      variable: variable(variableName(viewName)),
      name: viewName,
      entity: entity.variable,
      source: plannedSource.variable,
      ttl: feast.ttl,
      features,
      ...said(feast),
    };
    carried.push({ feast, view, types });
  }
  const onDemand = planOnDemand(repo, reader, notes, carried, variable);
  const services = planServices(repo, reader, notes, carried, onDemand, variable);
  noteOthers(repo, notes);
  return {
    project: repo.project,
    entities: [...entities.values()],
    sources,
    views: carried.map(({ view }) => view),
    onDemand,
    services,
    notes: notes.all,
  };
}

function said({
  owner,
  description,
  tags,
}: Partial<FeastEntity> = {}): Pick<FeastEntity, "owner" | "description" | "tags"> {
  return { ...(owner ? { owner } : {}), ...(description ? { description } : {}), ...(tags ? { tags } : {}) };
}

function sameSource(a: Omit<PlannedSource, "variable" | "name">, b: Omit<PlannedSource, "variable" | "name">): boolean {
  return (
    a.path === b.path &&
    a.eventTime === b.eventTime &&
    a.created === b.created &&
    JSON.stringify(a.columns) === JSON.stringify(b.columns)
  );
}

interface PlannedColumns {
  readonly path: string;
  readonly eventTime: string;
  readonly keys: PlannedEntity["keys"];
  readonly columns: PlannedSource["columns"];
  readonly features: PlannedView["features"];
  readonly types: ReadonlyMap<string, DataType>;
}

async function planView(
  feast: FeastView,
  repo: FeastRepo,
  notes: Notes,
  context: PlanContext,
): Promise<PlannedColumns | undefined> {
  const { source, object } = feast;
  const what = `feature view "${feast.name}"`;
  const leftOut = (why: string): undefined => void notes.add(what, object.where, `was left out: ${why}`);
  const file = await parquetPath(
    resolve(repo.folder, source.path.startsWith("file:") ? fileURLToPath(source.path) : source.path),
  );
  const found = await context.columnsOf(file);
  if (!found)
    notes.add(
      `source "${source.name}"`,
      source.where,
      `${source.path} is not there or cannot be read; types are those that Feast declares.`,
    );
  const columnOf = (name: string): FileColumn | undefined =>
    found?.find((column) => column.name === (source.renamed.get(name) ?? name));
  const timestamp = source.timestamp ?? onlyTimestamp(found);
  if (timestamp === undefined) return leftOut(`source "${source.name}" does not say which column is its timestamp.`);
  const time = found?.find((column) => column.name === timestamp);
  if (found && !time) return leftOut(`its file has no column "${timestamp}".`);
  if (time && time.type !== "timestamp")
    return leftOut(`column "${timestamp}" is ${time.found}; an event time is a timestamp of up to microseconds.`);

  const declared = new Map(feast.schema.map((field) => [field.name, field]));
  const keys: PlannedEntity["keys"][number][] = [];
  for (const entity of feast.entities)
    for (const key of entity.joinKeys) {
      if (source.renamed.has(key)) return leftOut(`key "${key}" is a renamed column; call it the same in the file.`);
      const { type, note } = columnType(entity.valueType ?? declared.get(key)?.type ?? "", columnOf(key));
      if (found && !columnOf(key)) return leftOut(`its file has no column "${key}".`);
      if (type === undefined) return leftOut(`key "${key}": ${note}`);
      if (!isKeyType(type))
        return leftOut(`key "${key}" is ${columnOf(key)?.found ?? entity.valueType}, which no key can be.`);
      if (note !== undefined) notes.add(`key "${key}" of ${what}`, object.where, note);
      keys.push({ name: key, type, optional: columnOf(key)?.hasNulls ?? false });
    }

  const columns: PlannedSource["columns"][number][] = [
    ...keys,
    { name: timestamp, type: "timestamp", optional: time?.hasNulls ?? false },
  ];
  const has = (name: string): boolean => columns.some((column) => column.name === name);
  if (source.created !== undefined) {
    const created = found?.find((column) => column.name === source.created);
    // It breaks ties, so it stands before every other column.
    if (!found || created?.type === "timestamp")
      columns.push({ name: source.created, type: "timestamp", optional: true });
    else
      notes.add(
        what,
        object.where,
        `column "${source.created}" is ${created?.found ?? "not in the file"}; ties are broken without it.`,
      );
  }
  const special = new Set([...keys.map(({ name }) => name), timestamp, source.created ?? ""]);
  const schema =
    feast.schema.length > 0
      ? feast.schema.filter(({ name }) => !special.has(name))
      : (found ?? []).filter(({ name }) => !special.has(name)).map(({ name }) => ({ name, type: "" }));
  const features: PlannedView["features"][number][] = [];
  const types = new Map<string, DataType>();
  const featureName = nameGiver([]);
  for (const field of schema) {
    const label = `feature "${feast.name}:${field.name}"`;
    const column = source.renamed.get(field.name) ?? field.name;
    if (found && !columnOf(field.name)) {
      notes.add(label, object.where, `its file has no column "${column}".`);
      continue;
    }
    const { type, note } = columnType(field.type, columnOf(field.name));
    if (note !== undefined) notes.add(label, object.where, note);
    if (type === undefined) continue;
    const name = featureName(slipwayName(field.name));
    if (name !== field.name) notes.add(label, object.where, `is called "${name}" here.`);
    if (!has(column)) columns.push({ name: column, type, optional: true });
    features.push({ name, column, ...said(field) });
    types.set(field.name, type);
  }
  if (features.length === 0) return leftOut("none of its features could be carried over.");
  return { path: context.pathFrom(file), eventTime: timestamp, keys, columns, features, types };
}

/** A folder stands for all Parquet files below it. */
async function parquetPath(path: string): Promise<string> {
  if (!existsSync(path)) return path;
  return (await stat(path)).isDirectory() ? `${path.replace(/\/+$/, "")}/**/*.parquet` : path;
}

function onlyTimestamp(found: readonly FileColumn[] | undefined): string | undefined {
  const times = (found ?? []).filter(({ type }) => type === "timestamp");
  return times.length === 1 ? times[0]?.name : undefined;
}

/** A view, or some of its features, as an on-demand view or a service names it. */
function projectionOf(
  value: PythonValue,
  file: string,
  repo: FeastRepo,
  carried: readonly Carried[],
): { readonly found: Carried; readonly only: readonly string[] | undefined } | undefined {
  const resolved = repo.resolve(value, file);
  if (resolved.kind === "item") {
    const of = projectionOf(resolved.of, file, repo, carried);
    const index = repo.resolve(resolved.index, file);
    if (!of || index.kind !== "list") return undefined;
    return { found: of.found, only: index.items.flatMap((item) => (item.kind === "string" ? [item.value] : [])) };
  }
  const object = repo.objectOf(value, file);
  const found = carried.find(({ feast }) => feast.object.call === object?.call);
  return found && { found, only: undefined };
}

function featureWords({ feast, view }: Carried, feature: string): string | undefined {
  const column = feast.source.renamed.get(feature) ?? feature;
  const planned = view.features.find((each) => each.column === column);
  return planned && `${view.variable}.features${member(planned.name)}`;
}

function planOnDemand(
  repo: FeastRepo,
  reader: ObjectReader,
  notes: Notes,
  carried: readonly Carried[],
  variable: (wanted: string) => string,
): readonly PlannedOnDemand[] {
  const planned: PlannedOnDemand[] = [];
  for (const { definition, file, where } of repo.functions) {
    const decorator = definition.decorators.find(
      (each) => each.kind === "call" && nameOf(each.callee).endsWith("feature_view"),
    );
    if (decorator?.kind !== "call") continue;
    const what = `${nameOf(decorator.callee) === "on_demand_feature_view" ? "on-demand feature view" : "feature view"} "${definition.name}"`;
    if (nameOf(decorator.callee) !== "on_demand_feature_view") {
      notes.add(what, where, `is a ${nameOf(decorator.callee)}: its transformation is not carried over.`);
      continue;
    }
    const mode = reader.text(decorator.named.get("mode"), file);
    if (mode !== undefined && mode !== "pandas") {
      notes.add(what, where, `works in mode "${mode}"; only pandas expressions are read.`);
      continue;
    }
    const inputs = new Map<string, InputColumn>();
    const request: PlannedOnDemand["request"][number][] = [];
    for (const source of sourcesOf(decorator.named.get("sources"), repo, file)) {
      const object = repo.objectOf(source, file);
      if (object?.type === "RequestSource") {
        for (const field of reader.fields(object.call.named.get("schema"), object.file)) {
          const type = feastType(field.type);
          if (type === undefined) continue;
          inputs.set(field.name, { words: `request${member(field.name)}`, type });
          request.push({ name: field.name, type });
        }
        continue;
      }
      const projection = projectionOf(source, file, repo, carried);
      if (!projection) {
        notes.add(what, where, `its source ${source.text} was not carried over.`);
        continue;
      }
      for (const [name, type] of projection.found.types) {
        const words = featureWords(projection.found, name);
        if (words !== undefined && (projection.only?.includes(name) ?? true)) inputs.set(name, { words, type });
      }
    }
    const schema = reader.fields(decorator.named.get("schema") ?? decorator.named.get("features"), file);
    const outputs = onDemandOutputs(definition, schema, inputs).flatMap((output) => {
      if ("words" in output) return [{ name: slipwayName(output.name), words: output.words }];
      notes.add(`${what}, "${output.name}"`, where, output.problem);
      return [];
    });
    if (outputs.length === 0) continue;
    const name = slipwayName(definition.name);
    const used = request.filter((field) => outputs.some(({ words }) => words.includes(`request${member(field.name)}`)));
    planned.push({ variable: variable(variableName(`${name}_derived`)), name, request: used, outputs });
  }
  return planned;
}

function sourcesOf(value: PythonValue | undefined, repo: FeastRepo, file: string): readonly PythonValue[] {
  const found = value && repo.resolve(value, file);
  if (found?.kind === "list") return found.items;
  return found?.kind === "dict" ? found.entries.map(([, source]) => source) : [];
}

function planServices(
  repo: FeastRepo,
  reader: ObjectReader,
  notes: Notes,
  carried: readonly Carried[],
  onDemand: readonly PlannedOnDemand[],
  variable: (wanted: string) => string,
): readonly PlannedService[] {
  return repo.objects.flatMap((object): readonly PlannedService[] => {
    if (object.type !== "FeatureService") return [];
    const { call, file, where } = object;
    const name = reader.text(call.named.get("name") ?? call.positional[0], file);
    if (name === undefined) return [];
    const what = `feature service "${name}"`;
    const features: string[] = [];
    for (const item of reader.list(call.named.get("features"), file)) {
      const projection = projectionOf(item, file, repo, carried);
      const derived = item.kind === "name" ? onDemand.find((each) => each.name === slipwayName(item.name)) : undefined;
      if (derived)
        notes.add(
          what,
          where,
          `its on-demand features are in ${derived.variable}: spread that into the model's derived.`,
        );
      else if (!projection) notes.add(what, where, `${item.text} was not carried over.`);
      else if (projection.only === undefined) features.push(projection.found.view.variable);
      else
        for (const feature of projection.only) {
          const words = featureWords(projection.found, feature);
          if (words === undefined)
            notes.add(what, where, `${projection.found.feast.name}:${feature} was not carried over.`);
          else features.push(words);
        }
    }
    if (features.length === 0) return [];
    const described = reader.text(call.named.get("description"), file);
    return [
      {
        variable: variable(variableName(`${slipwayName(name)}_features`)),
        name,
        features,
        ...(described ? { description: described } : {}),
      },
    ];
  });
}

/** Classes that say nothing by themselves, or that were read with what uses them. */
const KNOWN = new Set(
  "Entity FeatureView BatchFeatureView FeatureService FileSource RequestSource PushSource KafkaSource KinesisSource Field Feature Project timedelta".split(
    " ",
  ),
);
/** Classes of Feast that have no counterpart. */
const FOREIGN = /(?:View|Source|Service|Dataset|Permission|Reference)$/;

function noteOthers(repo: FeastRepo, notes: Notes): void {
  for (const { type, variable, where, call } of repo.objects) {
    if (KNOWN.has(type) || !FOREIGN.test(type) || !/^[A-Z]/.test(type)) continue;
    const name = call.named.get("name");
    notes.add(
      `${type} ${name?.kind === "string" ? JSON.stringify(name.value) : (variable ?? "")}`.trim(),
      where,
      `Slipway has nothing like a ${type}.`,
    );
  }
}
