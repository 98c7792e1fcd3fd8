// `POST /push` and `/write-to-online-store`: rows of a data frame as events of a push source. What is pushed is online at once and in the offline
// history for good; the one cannot be had without the other, so a push to the offline store alone is refused.

import type { FastifyInstance } from "fastify";
import { contentHash, SlipwayError } from "../../core/core.ts";
import { definitionsOf, type FeatureViewSpec, type Project, type PushSpec } from "../../define/define.ts";
import type { Intake } from "../../platform/platform.ts";
import { EVENT_LIMIT, PUSH_BODY_LIMIT } from "../asked-push.ts";
import type { Meters } from "../metrics/meters.ts";
import { JSON_TYPE } from "../refusal.ts";
import { columnsField, objectBody, requiredText, textField } from "./body.ts";
import { feastError, pythonError } from "./refusal.ts";

/** What takes events in. */
export interface FeastPush {
  readonly intake: Intake;
  readonly sources: readonly PushSpec[];
}

type Columns = Readonly<Record<string, readonly unknown[]>>;

const MODES = ["online", "offline", "online_and_offline"];

/** Adds the routes. */
export function pushRoutes(
  app: FastifyInstance,
  project: Project,
  { intake, sources }: FeastPush,
  meters: Meters,
): void {
  const take = async (source: PushSpec, df: Columns): Promise<void> => {
    const [outcome] = await intake.push([{ source: source.name, events: eventsOf(source, df) }]);
    if (!outcome) return;
    meters.pushed(outcome);
    const [first] = outcome.rejected;
    if (first)
      throw new SlipwayError(
        first.code,
        `${first.message} ${outcome.rejected.length} rows were refused, ${outcome.accepted + outcome.duplicates} were taken.`,
      );
  };

  app.post("/push", { bodyLimit: PUSH_BODY_LIMIT }, async (request, reply) => {
    const body = objectBody(request.body);
    const name = requiredText(body, "push_source_name");
    const df = columnsField(body, "df");
    const to = textField(body, "to") ?? "online";
    if (!MODES.includes(to))
      throw pythonError(`${to} is not a supported push format. Please specify one of these ${MODES.join(", ")}.`);
    const source = sources.find((each) => each.name === name);
    if (!source) throw feastError("PushSourceNotFoundException", `Unable to find push source '${name}'.`);
    if (to === "offline")
      throw feastError(
        "FeastError",
        `A push to offline alone is not possible: online reads show what the history knows. Nothing was taken. Push to online_and_offline, or write the rows to the files of the history of ${name}.`,
      );
    await take(source, df);
    return reply.code(200).send();
  });

  app.post("/write-to-online-store", { bodyLimit: PUSH_BODY_LIMIT }, async (request, reply) => {
    const body = objectBody(request.body);
    const name = requiredText(body, "feature_view_name");
    const df = columnsField(body, "df");
    const views = definitionsOf(project, "featureView");
    const view = views.find((each) => each.name === name);
    if (!view)
      throw feastError(
        "FeatureViewNotFoundException",
        `Feature view ${name} does not exist in project ${project.name}`,
      );
    const source = sources.find((each) => each.name === view.source.name);
    if (!source)
      throw feastError(
        "FeastError",
        `Feature view ${name} is not over a push source, so nothing can be written to it: write to its files.`,
      );
    refusePartial(view, views, source, df);
    await take(source, df);
    return reply.type(JSON_TYPE).send("null");
  });
}

/** A row without columns that another view of the source reads would make those null. */
function refusePartial(view: FeatureViewSpec, views: readonly FeatureViewSpec[], source: PushSpec, df: Columns): void {
  const others = views.filter((each) => each.source.name === source.name && each.name !== view.name);
  const own = new Set([source.eventTime, source.createdAt, source.id]);
  const missing = source.columns.find(({ name }) => !own.has(name) && !Object.hasOwn(df, name));
  if (missing && others.length > 0)
    throw feastError(
      "FeastError",
      `The rows have no "${missing.name}", which source ${source.name} has and ${others.map(({ name }) => name).join(", ")} may read; push whole rows to the source.`,
    );
}

/** The rows of a data frame as events: times without a zone are UTC, and a row that has no id is known by its content. */
function eventsOf(source: PushSpec, df: Columns): readonly unknown[] {
  const lengths = new Set(Object.values(df).map(({ length }) => length));
  if (lengths.size > 1) throw pythonError("All arrays must be of the same length");
  const [count = 0] = lengths;
  if (count > EVENT_LIMIT) throw pythonError(`${count} rows are too many for one push; send up to ${EVENT_LIMIT}.`);
  const columns = source.columns.flatMap(({ name, type }) => {
    // Feast's client calls the event time so, whatever the source does.
    const from = name === source.eventTime && !Object.hasOwn(df, name) ? "event_timestamp" : name;
    const values = Object.hasOwn(df, from) ? df[from] : undefined;
    return values ? [{ name, values, isTime: type === "timestamp" }] : [];
  });
  return Array.from({ length: count }, (_, row) => {
    const event: Record<string, unknown> = {};
    for (const { name, values, isTime } of columns) event[name] = isTime ? zoned(values[row]) : (values[row] ?? null);
    const id = source.columns.find(({ name }) => name === source.id);
    if (id?.type === "string" && (event[source.id] ?? null) === null) event[source.id] = contentHash(event);
    return event;
  });
}

function zoned(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null;
  return /(?:Z|[+-]\d{2}:?\d{2})$/i.test(value.trim()) ? value : `${value.trim()}Z`;
}
