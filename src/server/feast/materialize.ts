// `POST /materialize` and `/materialize-incremental`. Slipway goes on from where each view stands, by the time rows became known, so both do the
// same: everything known by the end is brought online, and the start only has to lie before it.

import type { FastifyInstance, FastifyRequest } from "fastify";
import { formatInstant, type Instant, parseInstant } from "../../core/core.ts";
import { definitionsOf, type Project } from "../../define/define.ts";
import type { MaterializeRequest } from "../../platform/platform.ts";
import { JSON_TYPE } from "../refusal.ts";
import { boolField, objectBody, requiredText, textField, textList } from "./body.ts";
import { feastError, pythonError } from "./refusal.ts";

/** Brings views online. */
export type Materialize = (request: MaterializeRequest) => Promise<unknown>;

interface Asked {
  readonly views: readonly string[];
  /** Up to when; undefined for now. */
  readonly to: Instant | undefined;
}

interface Query {
  Querystring: { readonly async?: string; readonly force?: string };
}

/** Adds the routes. */
export function materializeRoutes(app: FastifyInstance, project: Project, materialize: Materialize): void {
  const underWay = new Set<string>();
  const running = new Set<Promise<unknown>>();
  const closing = new AbortController();
  app.addHook("onClose", async () => {
    closing.abort();
    await Promise.allSettled(running);
  });

  const run = async ({ views, to }: Asked): Promise<void> => {
    for (const view of views) underWay.add(view);
    try {
      await materialize({ views, signal: closing.signal, ...(to === undefined ? {} : { to }) });
    } finally {
      for (const view of views) underWay.delete(view);
    }
  };
  const route = (path: string, read: (body: Readonly<Record<string, unknown>>) => Asked): void => {
    app.post<Query>(path, async (request, reply) => {
      const asked = read(objectBody(request.body));
      if (!isTrue(request.query.async)) {
        await run(asked);
        return reply.type(JSON_TYPE).send("null");
      }
      const busy = asked.views.filter((view) => underWay.has(view));
      if (busy.length > 0 && !isTrue(request.query.force)) {
        const error = `Cannot start async materialization: ${busy.join(", ")} is being materialized.`;
        return reply.code(409).send({ error, feature_views: busy });
      }
      follow(request, run(asked), running);
      return reply.code(202).send({ status: "accepted", feature_views: asked.views });
    });
  };

  route("/materialize", (body) => ({ views: viewsOf(project, body), to: endOf(body) }));
  route("/materialize-incremental", (body) => ({
    views: viewsOf(project, body),
    to: instant(requiredText(body, "end_ts")),
  }));
}

function follow(request: FastifyRequest, work: Promise<void>, running: Set<Promise<unknown>>): void {
  running.add(work);
  work
    .catch((failure: unknown) => request.log.error({ err: failure }, "materializing failed"))
    .finally(() => running.delete(work));
}

function isTrue(text: string | undefined): boolean {
  return text === "true" || text === "1";
}

type Body = Readonly<Record<string, unknown>>;

function viewsOf(project: Project, body: Body): readonly string[] {
  boolField(body, "full_feature_names", false);
  const all = definitionsOf(project, "featureView").map(({ name }) => name);
  const asked = textList(body, "feature_views");
  const version = textField(body, "version");
  if (version !== undefined && asked?.length !== 1)
    throw pythonError("version can only be used with feature_views that names exactly one view.");
  const number = /^v?(\d+)$/.exec(version ?? "")?.[1];
  const names = asked?.map((name) => (number === undefined || Number(number) < 2 ? name : `${name}@${number}`)) ?? all;
  for (const name of names)
    if (!all.includes(name))
      throw feastError(
        "FeatureViewNotFoundException",
        `Feature view ${name} does not exist in project ${project.name}`,
      );
  return names;
}

function endOf(body: Body): Instant | undefined {
  const [start, end] = [textField(body, "start_ts"), textField(body, "end_ts")];
  if (boolField(body, "disable_event_timestamp", false)) return undefined;
  if (start === undefined || end === undefined)
    throw pythonError("start_ts and end_ts are required when disable_event_timestamp is False");
  const [from, to] = [instant(start), instant(end)];
  if (from >= to) throw pythonError(`start_ts (${formatInstant(from)}) must be before end_ts (${formatInstant(to)})`);
  return to;
}

function instant(text: string): Instant {
  try {
    return parseInstant(text);
  } catch (problem) {
    throw pythonError(`Invalid timestamp format: ${problem instanceof Error ? problem.message : text}`);
  }
}
