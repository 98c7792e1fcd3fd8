// definitions.ts as text, from what was understood. Everything that changes meaning or was left out stands in a comment where it matters, and
// all of it in a list at the top.

import type { DataType } from "../core/core.ts";
import { type Duration, days, hours, minutes, seconds } from "../core/core.ts";
import type { FeastMetadata } from "./feast-objects.ts";
import type { Note } from "./notes.ts";
import { member, property, typeWords } from "./types.ts";

/** An entity to be written. */
export interface PlannedEntity extends FeastMetadata {
  readonly variable: string;
  readonly name: string;
  readonly keys: readonly { readonly name: string; readonly type: DataType; readonly optional: boolean }[];
}

/** A source to be written. */
export interface PlannedSource extends FeastMetadata {
  readonly variable: string;
  readonly name: string;
  readonly path: string;
  readonly columns: readonly { readonly name: string; readonly type: DataType; readonly optional: boolean }[];
  readonly eventTime: string;
  readonly created: string | undefined;
}

/** A view to be written. */
export interface PlannedView extends FeastMetadata {
  readonly variable: string;
  readonly name: string;
  readonly entity: string;
  readonly source: string;
  readonly ttl: Duration | undefined;
  readonly features: readonly (FeastMetadata & { readonly name: string; readonly column: string })[];
}

/** An on-demand view's outputs, as a model's `derived`. */
export interface PlannedOnDemand extends FeastMetadata {
  readonly variable: string;
  readonly name: string;
  readonly request: readonly { readonly name: string; readonly type: DataType }[];
  readonly outputs: readonly { readonly name: string; readonly words: string }[];
}

/** A feature service's features. */
export interface PlannedService extends FeastMetadata {
  readonly variable: string;
  readonly name: string;
  readonly features: readonly string[];
}

/** Everything that definitions.ts will say. */
export interface Plan {
  readonly project: string;
  readonly entities: readonly PlannedEntity[];
  readonly sources: readonly PlannedSource[];
  readonly views: readonly PlannedView[];
  readonly onDemand: readonly PlannedOnDemand[];
  readonly services: readonly PlannedService[];
  readonly notes: readonly Note[];
}

/** Words of `slipway` that a definitions file may use; no variable may have their names. */
export const WORDS = [
  "days",
  "described",
  "entity",
  "featureView",
  "hours",
  "latest",
  "literal",
  "minutes",
  "parquet",
  "seconds",
  "t",
] as const;

/** Writes definitions.ts. */
export function definitionsText(plan: Plan): string {
  const body = [
    ...plan.entities.map(entityText),
    ...plan.sources.map(sourceText),
    ...plan.views.map(viewText),
    ...plan.onDemand.map(onDemandText),
    ...plan.services.map(serviceText),
  ].join("\n");
  const used = WORDS.filter((word) => new RegExp(`(?<![.\\w])${word}[.(]`).test(body));
  const types = /\bExpression</.test(body) ? ["type Expression"] : [];
  const names = [...types, ...used].join(", ");
  const missing = plan.notes.map(({ what, where, why }) => `//   - ${comment(`${what} (${where}): ${why}`)}`);
  return [
    `// Made by \`slipway import feast\` from the Feast project ${JSON.stringify(plan.project)}.`,
    ...(missing.length === 0
      ? ["// Everything in it was carried over."]
      : ["// Not carried over, or not with the same meaning:", ...missing]),
    "",
    ...(names === "" ? [] : [`import { ${names} } from "slipway";`, ""]),
    body === "" ? "export {};\n" : body,
  ].join("\n");
}

/** Writes slipway.config.ts. */
export function configText(project: string): string {
  return [
    'import { project } from "slipway";',
    'import * as definitions from "./definitions.ts";',
    "",
    `export default project({ name: ${JSON.stringify(project)}, definitions });`,
    "",
  ].join("\n");
}

function comment(text: string): string {
  return text.replace(/\s+/g, " ");
}

function metadataLines({ owner, description, tags }: FeastMetadata, indent: string): readonly string[] {
  const pairs = Object.entries(tags ?? {}).map(([name, value]) => `${property(name)}: ${JSON.stringify(value)}`);
  return [
    ...(owner === undefined ? [] : [`${indent}owner: ${JSON.stringify(owner)},`]),
    ...(description === undefined ? [] : [`${indent}description: ${JSON.stringify(description)},`]),
    ...(pairs.length === 0 ? [] : [`${indent}tags: { ${pairs.join(", ")} },`]),
  ];
}

function entityText({ variable, name, keys, ...metadata }: PlannedEntity): string {
  const fields = keys.map((key) => `${property(key.name)}: ${typeWords(key.type, key.optional)}`).join(", ");
  const lines = metadataLines(metadata, "  ");
  const more = lines.length === 0 ? "" : `, {\n${lines.join("\n")}\n}`;
  return `export const ${variable} = entity(${JSON.stringify(name)}, { ${fields} }${more});\n`;
}

function sourceText({ variable, name, path, columns, eventTime, created, ...metadata }: PlannedSource): string {
  const note =
    created === undefined
      ? []
      : [
          `// ${JSON.stringify(created)} only breaks ties, as in Feast: of rows with one event time the greatest wins, and it is compared first. Say`,
          `// createdAt: ${JSON.stringify(created)} as well, and a row also counts only from when it was known, which is what really happened.`,
        ];
  return [
    ...note,
    `export const ${variable} = parquet(${JSON.stringify(name)}, {`,
    `  path: ${JSON.stringify(path)},`,
    "  columns: {",
    ...columns.map((column) => `    ${property(column.name)}: ${typeWords(column.type, column.optional)},`),
    "  },",
    `  eventTime: ${JSON.stringify(eventTime)},`,
    ...metadataLines(metadata, "  "),
    "});",
    "",
  ].join("\n");
}

function viewText({ variable, name, entity, source, ttl, features, ...metadata }: PlannedView): string {
  return [
    `export const ${variable} = featureView(${JSON.stringify(name)}, {`,
    `  entity: ${entity},`,
    `  source: ${source},`,
    ...(ttl === undefined ? [] : [`  ttl: ${durationWords(ttl)},`]),
    "  features: {",
    ...features.map(({ name: feature, column, ...said }) => {
      const words = `latest(${source}${member(column)})`;
      const more = metadataLines(said, "");
      const value = more.length === 0 ? words : `described(${words}, { ${more.join(" ").replace(/,$/, "")} })`;
      return `    ${property(feature)}: ${value},`;
    }),
    "  },",
    ...metadataLines(metadata, "  "),
    "});",
    "",
  ].join("\n");
}

function onDemandText({ variable, name, request, outputs, description }: PlannedOnDemand): string {
  const fields = request.map((field) => `readonly ${property(field.name)}: Expression<${typeLiteral(field.type)}>`);
  const scope = `${variable.charAt(0).toUpperCase()}${variable.slice(1)}Scope`;
  // What uses no request value takes no parameter, or a strict compiler would call it unused.
  const parameter = (words: string): string => (/\brequest[.[]/.test(words) ? `{ request }: ${scope}` : "");
  const told = description === undefined ? "" : `: ${description}`;
  const beside = fields.length === 0 ? "" : ", beside these values in its `request`";
  const about = comment(`Feast's on-demand view "${name}"${told}`).replaceAll("*/", "* /");
  return [
    ...(fields.length === 0 ? [] : [`interface ${scope} {`, `  readonly request: { ${fields.join("; ")} };`, "}", ""]),
    `/** ${about}. Spread it into a model's \`derived\`${beside}. */`,
    `export const ${variable} = {`,
    ...outputs.map((output) => `  ${property(output.name)}: (${parameter(output.words)}) => ${output.words},`),
    "};",
    "",
  ].join("\n");
}

function serviceText({ variable, name, features, description }: PlannedService): string {
  return [
    `/** ${comment(`Feast's feature service "${name}"${description === undefined ? "" : `: ${description}`}`).replaceAll("*/", "* /")}. Give it to a model as its \`features\`, or read it as it is. */`,
    `export const ${variable} = [${features.join(", ")}] as const;`,
    "",
  ].join("\n");
}

function typeLiteral(type: DataType): string {
  return JSON.stringify(type);
}

function durationWords(duration: Duration): string {
  const units = [
    [days(1), "days"],
    [hours(1), "hours"],
    [minutes(1), "minutes"],
  ] as const;
  const unit = units.find(([size]) => duration % size === 0n);
  if (unit) return `${unit[1]}(${duration / unit[0]})`;
  return `seconds(${Number(duration) / Number(seconds(1))})`;
}
