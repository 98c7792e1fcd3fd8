// Feast's objects from their constructor calls: what each argument means, and what of it Slipway has no word for.

import { type FeastObject, type FeastRepo, nameOf } from "./feast-repo.ts";
import type { Notes } from "./notes.ts";
import type { PythonValue } from "./python-values.ts";

/** What people say about an object. */
export interface FeastMetadata {
  readonly owner?: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** An entity. */
export interface FeastEntity extends FeastMetadata {
  readonly name: string;
  readonly joinKeys: readonly string[];
  /** `INT64`; undefined when Feast would look it up in the data. */
  readonly valueType: string | undefined;
}

/** A Parquet source. */
export interface FeastSource extends FeastMetadata {
  readonly name: string;
  readonly path: string;
  readonly timestamp: string | undefined;
  readonly created: string | undefined;
  /** Column by the name that views call it. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly where: string;
}

/** A field of a schema. */
export interface FeastField extends FeastMetadata {
  readonly name: string;
  /** `Float32`, `Array(Int64)`. */
  readonly type: string;
}

/** A feature view. */
export interface FeastView extends FeastMetadata {
  readonly object: FeastObject;
  readonly name: string;
  readonly entities: readonly FeastEntity[];
  readonly source: FeastSource;
  /** Microseconds; undefined for no limit. */
  readonly ttl: bigint | undefined;
  /** Empty when Feast would take every column of the source. */
  readonly schema: readonly FeastField[];
}

/** Reads objects of one repository. */
export interface ObjectReader {
  entity(object: FeastObject): FeastEntity | undefined;
  view(object: FeastObject): FeastView | undefined;
  fields(value: PythonValue | undefined, file: string): readonly FeastField[];
  text(value: PythonValue | undefined, file: string): string | undefined;
  list(value: PythonValue | undefined, file: string): readonly PythonValue[];
}

/** Makes a reader; what it does not understand goes to the notes. */
export function objectReader(repo: FeastRepo, notes: Notes): ObjectReader {
  const text: ObjectReader["text"] = (value, file) => {
    const found = value && repo.resolve(value, file);
    return found?.kind === "string" ? found.value : undefined;
  };
  const list: ObjectReader["list"] = (value, file) => {
    const found = value && repo.resolve(value, file);
    return found?.kind === "list" ? found.items : [];
  };
  const tagsOf = (value: PythonValue | undefined, file: string): Record<string, string> | undefined => {
    const found = value && repo.resolve(value, file);
    if (found?.kind !== "dict") return undefined;
    const pairs = found.entries.flatMap(([key, tag]) => {
      const [name, content] = [text(key, file), text(tag, file)];
      return name === undefined || content === undefined || name === "" || name.includes("=") ? [] : [[name, content]];
    });
    return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
  };
  const metadata = ({ call, file }: FeastObject): FeastMetadata => {
    const owner = text(call.named.get("owner"), file);
    const description = text(call.named.get("description"), file);
    const tags = tagsOf(call.named.get("tags") ?? call.named.get("labels"), file);
    return { ...(owner ? { owner } : {}), ...(description ? { description } : {}), ...(tags ? { tags } : {}) };
  };
  const named = (object: FeastObject): string | undefined =>
    text(object.call.named.get("name") ?? object.call.positional[0], object.file);

  const entity: ObjectReader["entity"] = (object) => {
    const { call, file } = object;
    const name = named(object);
    if (name === undefined) return undefined;
    const keys = list(call.named.get("join_keys"), file).flatMap((key) => text(key, file) ?? []);
    const single = text(call.named.get("join_key"), file);
    const value = call.named.get("value_type");
    const type = value && nameOf(repo.resolve(value, file));
    return {
      name,
      joinKeys: keys.length > 0 ? keys : [single ?? name],
      valueType: type === "UNKNOWN" || type === "" ? undefined : type,
      ...metadata(object),
    };
  };

  const fields: ObjectReader["fields"] = (value, file) =>
    list(value, file).flatMap((item): readonly FeastField[] => {
      const object = repo.objectOf(item, file);
      const name = object && named(object);
      if (!object || name === undefined) return [];
      const type = object.call.named.get("dtype") ?? object.call.positional[1];
      return [{ name, type: type ? repo.resolve(type, object.file).text : "", ...metadata(object) }];
    });

  const source = (value: PythonValue | undefined, file: string, what: string): FeastSource | undefined => {
    const object = value && repo.objectOf(value, file);
    if (!object) return void notes.add(what, file, "its source is computed, and could not be followed.");
    const { call } = object;
    const path = text(call.named.get("path"), object.file);
    switch (object.type) {
      case "FileSource": {
        const format = call.named.get("file_format");
        const formatName = format && nameOf(repo.objectOf(format, object.file)?.call.callee ?? format);
        if (formatName && formatName !== "ParquetFormat")
          return void notes.add(
            what,
            object.where,
            `its source is in ${formatName}; only Parquet files are carried over.`,
          );
        if (path === undefined)
          return void notes.add(what, object.where, "its source's path is computed; write it as a text.");
        if (/^(?!file:)[a-z][a-z0-9+.-]*:\/\//i.test(path))
          return void notes.add(what, object.where, `its source ${path} is not a local file.`);
        const mapping = call.named.get("field_mapping");
        const pairs = mapping && repo.resolve(mapping, object.file);
        const renamed = new Map<string, string>();
        for (const [from, to] of pairs?.kind === "dict" ? pairs.entries : []) {
          const [column, as] = [text(from, object.file), text(to, object.file)];
          if (column !== undefined && as !== undefined) renamed.set(as, column);
        }
        const stem =
          path
            .replace(/\/+$/, "")
            .split("/")
            .at(-1)
            ?.replace(/\.\w+$/, "") ?? "rows";
        return {
          name: named(object) ?? stem,
          path,
          timestamp: text(call.named.get("timestamp_field") ?? call.named.get("event_timestamp_column"), object.file),
          created: text(call.named.get("created_timestamp_column"), object.file),
          renamed,
          where: object.where,
          ...metadata(object),
        };
      }
      case "PushSource": {
        notes.add(
          `push source "${named(object)}"`,
          object.where,
          "rows that are pushed are not carried over; its batch source is. Declare a push source for new events.",
        );
        return source(call.named.get("batch_source"), object.file, what);
      }
      case "KafkaSource":
      case "KinesisSource":
        notes.add(
          `stream source "${named(object)}"`,
          object.where,
          "Slipway does not read streams; its batch source is carried over.",
        );
        return source(call.named.get("batch_source"), object.file, what);
      default:
        return void notes.add(
          what,
          object.where,
          `its source is a ${object.type || "computed value"}; only Parquet FileSources are carried over.`,
        );
    }
  };

  const view: ObjectReader["view"] = (object) => {
    const { call, file, where } = object;
    const name = named(object);
    if (name === undefined) return void notes.add("a feature view", where, "its name is computed.");
    const what = `feature view "${name}"`;
    const entities = list(call.named.get("entities"), file).flatMap((each): readonly FeastEntity[] => {
      const found = repo.objectOf(each, file) ?? entityNamed(each, file);
      const read = found?.type === "Entity" ? entity(found) : undefined;
      return read ? [read] : [];
    });
    if (entities.length === 0 || entities.length < list(call.named.get("entities"), file).length)
      return void notes.add(
        what,
        where,
        entities.length === 0
          ? "it has no entity; every view of Slipway is about one."
          : "one of its entities could not be followed.",
      );
    const found = source(call.named.get("source") ?? call.named.get("batch_source"), file, what);
    if (!found) return undefined;
    for (const argument of call.named.keys()) {
      const why = unknownArguments[argument];
      if (why !== undefined) notes.add(what, where, `${argument}: ${why}`);
    }
    const version = text(call.named.get("version"), file);
    if (version !== undefined && version !== "latest")
      notes.add(what, where, `version "${version}" is not carried over.`);
    return {
      object,
      name,
      entities,
      source: found,
      ttl: ttlOf(call.named.get("ttl"), file, what, where),
      schema: fields(call.named.get("schema") ?? call.named.get("features"), file),
      ...metadata(object),
    };
  };

  const entityNamed = (value: PythonValue, file: string): FeastObject | undefined => {
    const name = text(value, file);
    return repo.objects.find((each) => each.type === "Entity" && entity(each)?.name === name);
  };

  const ttlOf = (value: PythonValue | undefined, file: string, what: string, where: string): bigint | undefined => {
    const found = value && repo.resolve(value, file);
    if (!found || found.kind === "none") return undefined;
    const micros = durationOf(found);
    if (micros === undefined)
      return void notes.add(what, where, `its ttl ${found.text} is computed; it is left without a limit.`);
    return micros === 0n ? undefined : micros;
  };

  return { entity, view, fields, text, list };
}

const unknownArguments: Readonly<Record<string, string>> = {
  mode: "transformations inside a view are not carried over",
  aggregations: "aggregations are not carried over; write them as windows",
  feature_transformation: "transformations inside a view are not carried over",
  udf: "transformations inside a view are not carried over",
  precomputed: "has no meaning here",
};

const UNITS: Readonly<Record<string, number>> = {
  weeks: 604_800,
  days: 86_400,
  hours: 3600,
  minutes: 60,
  seconds: 1,
  milliseconds: 1e-3,
  microseconds: 1e-6,
};
/** The order of timedelta's positional arguments. */
const POSITIONAL = ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];

function durationOf(value: PythonValue): bigint | undefined {
  if (value.kind !== "call" || nameOf(value.callee) !== "timedelta") return undefined;
  const parts = [...value.positional.map((part, at) => [POSITIONAL[at] ?? "", part] as const), ...value.named];
  let micros = 0;
  for (const [unit, part] of parts) {
    const size = UNITS[unit];
    if (size === undefined || part.kind !== "number") return undefined;
    micros += Math.round(part.value * size * 1e6);
  }
  return micros < 0 ? undefined : BigInt(micros);
}
