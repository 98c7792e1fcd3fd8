// What things are called where lineage of several systems meets, after OpenLineage's naming: files by their path, tables by server and name, and what
// Slipway keeps under the project's own namespace.

import { isAbsolute, resolve } from "node:path";
import { type ColumnSchema, typeText } from "../core/core.ts";
import type { SourceSpec } from "../define/define.ts";
import type { LineageDataset } from "../ports/ports.ts";

/** What names are made from. */
export interface NamingContext {
  readonly project: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The namespace of what Slipway itself keeps. */
export const ownNamespace = ({ project }: Pick<NamingContext, "project">): string => `slipway://${project}`;

/** Columns as lineage names them. */
export const lineageColumns = (columns: readonly Pick<ColumnSchema, "name" | "type">[]): LineageDataset["columns"] =>
  columns.map(({ name, type }) => ({ name, type: typeText(type) }));

/** A source as a dataset. */
export function sourceDataset(context: NamingContext, source: SourceSpec): LineageDataset {
  const { namespace, name } = placeOfSource(context, source);
  const uri = namespace === "file" ? `file://${name}` : `${namespace}/${name}`;
  return { namespace, name, columns: lineageColumns(source.columns) ?? [], source: { name: source.name, uri } };
}

/** Where a source's rows are, in two words. */
export function placeOfSource(context: NamingContext, source: SourceSpec): Pick<LineageDataset, "namespace" | "name"> {
  if (source.format === "postgres") return postgresPlace(context, source.url.env, source.table);
  if (source.format === "push") return { namespace: ownNamespace(context), name: `pushed/${source.name}` };
  const path = isAbsolute(source.path) ? source.path : resolve(context.root, source.path);
  return { namespace: "file", name: "table" in source ? `${path}:${source.table}` : path };
}

/** Server, database and table; never the user or the password. */
function postgresPlace({ env }: NamingContext, variable: string, table: string) {
  const text = env[variable];
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  const full = table.includes(".") ? table : `public.${table}`;
  if (!url) return { namespace: `postgres://${variable.toLowerCase()}`, name: full };
  const database = decodeURIComponent(url.pathname.slice(1)) || "postgres";
  return { namespace: `postgres://${url.hostname}:${url.port || "5432"}`, name: `${database}.${full}` };
}
