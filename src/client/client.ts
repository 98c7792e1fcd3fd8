// The door of `client`: predictions and features over HTTP from any JavaScript that has fetch, typed by the model's definition. Definitions are only
// needed as types: `client.predict<typeof flightDelay>("flight_delay", row)` pulls nothing of Slipway into a browser's bundle.

import type { Definition, EventOf, Model, ReadableFeature, ReadInput, RowOf } from "../define/define.ts";
import {
  alertPath,
  alertsPath,
  type ClientAlert,
  type ClientAlertAnswer,
  type ClientAlertDelivery,
  type ClientAlertFilter,
  type ClientDeliveryFilter,
  type ClientShownAlert,
  deliveriesPath,
} from "./alerts.ts";
import { type ClientEvaluation, type ClientKeptEvaluation, evaluationsPath } from "./evaluation.ts";
import type { ClientExplanation } from "./explanation.ts";
import type { ClientLabel, ClientLabels } from "./labels.ts";
import { type ClientRow, plainRow, type UntypedRow } from "./plain-row.ts";
import { type ClientPush, type PushEventsOptions, sourceName } from "./push.ts";
import { type ClientRead, type ClientReads, type ClientRows, nameOf, type ReadOptions, rowsOf } from "./read.ts";
import { asking, type ClientOptions } from "./request.ts";
import { type ClientRoute, type ClientRouteMove, type RouteOptions, routePath } from "./route.ts";

export type {
  ClientAlert,
  ClientAlertAnswer,
  ClientAlertDelivery,
  ClientAlertFilter,
  ClientDeliveryFilter,
  ClientShownAlert,
} from "./alerts.ts";
export type { ClientEvaluation, ClientFigure, ClientKeptEvaluation } from "./evaluation.ts";
export type { ClientExplanation, ClientSum } from "./explanation.ts";
export type { ClientLabel, ClientLabels } from "./labels.ts";
export type { ClientRow, UntypedRow } from "./plain-row.ts";
export type { ClientPush, ClientRejection, PushEventsOptions } from "./push.ts";
export type { ClientFeatureRead, ClientRead, ClientRows, ClientValueRead, ReadOptions } from "./read.ts";
export type { ClientError, ClientOptions } from "./request.ts";
export type { ClientCanary, ClientRoute, ClientRouteMove, RouteOptions } from "./route.ts";

/** What may accompany one prediction. */
export interface PredictOptions {
  /** Your name for the prediction: its label is found by it. */
  readonly id?: string;
  /** Decides between champion and canary in place of the row's keys: the same text is always answered by the same version. */
  readonly sticky?: string;
  /** The version that is to answer, of those that the model's route names: for testers. */
  readonly version?: number;
  /** Asks for what each input added to the answer. */
  readonly explain?: boolean;
  readonly signal?: AbortSignal;
}

/** One prediction, as the server answers it. */
export interface ClientPrediction {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  /** Why that version answered. */
  readonly route: "champion" | "canary" | "override";
  /** The probability of a true label, the number foretold, or the probability of the likeliest class; null when the model gave no number. */
  readonly score: number | null;
  /** The likeliest class of a multi-class model. */
  readonly class?: string;
  /** Every class's probability, of a multi-class model. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** When it was made, in ISO 8601. */
  readonly at: string;
  /** How fresh each feature view was. */
  readonly features: Readonly<
    Record<
      string,
      {
        readonly status: "present" | "expired" | "missing";
        readonly age_seconds: number | null;
        readonly materialized_through: string | null;
      }
    >
  >;
  /** What each input added to the answer, where `explain` asked for it. */
  readonly explanation?: ClientExplanation;
}

/** Talks to one server. */
export interface Client {
  /** Asks for one prediction of a model that is at hand. Throws a {@link ClientError}. */
  predict<M extends Model>(model: M, row: ClientRow<RowOf<M>>, options?: PredictOptions): Promise<ClientPrediction>;
  /** Asks for one prediction of a model by name, typed when `M` is given: `predict<typeof flightDelay>("flight_delay", row)`. */
  predict<M extends Model = Model<UntypedRow>>(
    model: string,
    row: ClientRow<RowOf<M>>,
    options?: PredictOptions,
  ): Promise<ClientPrediction>;
  /**
   * Reads views and features of many keys from one snapshot: `read([carrierDelays, weather.features.temp], keys)`. What is computed on demand takes
   * its request values beside the keys. Throws a {@link ClientError}.
   */
  read<const W extends readonly ReadableFeature[]>(
    wanted: W,
    keys: readonly ClientRow<ReadInput<W>>[],
    options?: ReadOptions,
  ): Promise<ClientRows<ClientReads<W>>>;
  /** Reads by name, typed when `W` is given: `read<[typeof carrierDelays]>(["carrier_delays"], keys)`. */
  read<W extends readonly ReadableFeature[]>(
    wanted: { readonly [P in keyof W]: string },
    keys: readonly ClientRow<ReadInput<W>>[],
    options?: ReadOptions,
  ): Promise<ClientRows<ClientReads<W>>>;
  /** Reads what is only known by name. */
  read(
    wanted: readonly string[],
    keys: readonly UntypedRow[],
    options?: ReadOptions,
  ): Promise<ClientRows<readonly ClientRead[]>>;
  /**
   * Pushes events to a source; they are safe when this ends, save those it names as rejected. Throws a {@link ClientError} when none was
   * taken. Sending the same events again changes nothing, so that is what to do after any failure that may pass.
   */
  push<S extends Definition>(
    source: S,
    events: readonly ClientRow<EventOf<S>>[],
    options?: PushEventsOptions,
  ): Promise<ClientPush>;
  /** Pushes by name, with the types of `S`: `push<typeof clicks>("clicks", events)`. */
  push<S extends Definition>(
    source: string,
    events: readonly ClientRow<EventOf<S>>[],
    options?: PushEventsOptions,
  ): Promise<ClientPush>;
  /** Pushes to what is only known by name. */
  push(source: string, events: readonly UntypedRow[], options?: PushEventsOptions): Promise<ClientPush>;
  /** The evaluations of a version that are kept, by its number or an alias. Throws a {@link ClientError}. */
  evaluations(
    model: Model | string,
    version: number | string,
    options?: ReadOptions,
  ): Promise<readonly ClientKeptEvaluation[]>;
  /** One of them, by the rows it is of: `evaluation("flight_delay", "champion", "test")`. Throws a {@link ClientError}. */
  evaluation(
    model: Model | string,
    version: number | string,
    rows: string,
    options?: ReadOptions,
  ): Promise<ClientEvaluation>;
  /**
   * Says what became of predictions; the labels are safe when this ends. Throws a {@link ClientError}, and then none was taken. Sending the same
   * labels with their `at` again changes nothing.
   */
  label(labels: readonly ClientLabel[], options?: PushEventsOptions): Promise<ClientLabels>;
  /** The newest alerts that fit, newest first; those that are open unless told otherwise. Throws a {@link ClientError}. */
  alerts(filter?: ClientAlertFilter, options?: ReadOptions): Promise<readonly ClientAlert[]>;
  /** One alert with its story, by its id or the end of it. Throws a {@link ClientError}. */
  alert(id: string, options?: ReadOptions): Promise<ClientShownAlert>;
  /** Says something to an alert: `answerAlert(id, { acknowledge: true, note: "on it" })`. Throws a {@link ClientError}. */
  answerAlert(id: string, answer: ClientAlertAnswer, options?: ReadOptions): Promise<ClientAlert>;
  /** What channels were told of alerts, are to be told, and could not be told, newest first. Throws a {@link ClientError}. */
  alertDeliveries(filter?: ClientDeliveryFilter, options?: ReadOptions): Promise<readonly ClientAlertDelivery[]>;
  /** Has a delivery told again from the start, by its id, or every one that is `dead`; gives how many. Throws a {@link ClientError}. */
  retryAlertDelivery(id: string, options?: ReadOptions): Promise<number>;
  /** Tells who answers beside a model's champion. Throws a {@link ClientError}. */
  route(model: Model | string, options?: RouteOptions): Promise<ClientRoute>;
  /** Lets a canary answer a share of the predictions, changes the share, or ends it. Throws a {@link ClientError}. */
  moveRoute(model: Model | string, move: ClientRouteMove, options?: RouteOptions): Promise<ClientRoute>;
}

/** Makes a client of the server at `url`. */
export function createClient(options: ClientOptions): Client {
  const ask = asking(options);
  const named = (model: Model | string): string => (typeof model === "string" ? model : model.name);
  return {
    async evaluations(model, version, { signal } = {}) {
      const { evaluations } = (await ask(evaluationsPath(named(model), version), undefined, {
        signal,
        isIdempotent: true,
      })) as {
        readonly evaluations: readonly ClientKeptEvaluation[];
      };
      return evaluations;
    },
    async evaluation(model, version, rows, { signal } = {}) {
      return (await ask(evaluationsPath(named(model), version, rows), undefined, {
        signal,
        isIdempotent: true,
      })) as ClientEvaluation;
    },
    async predict(model: Model | string, row: unknown, { id, sticky, version, explain, signal }: PredictOptions = {}) {
      const name = named(model);
      const body = JSON.stringify({ id, row: plainRow(row as UntypedRow) });
      const headers = {
        ...(sticky === undefined ? {} : { "x-slipway-sticky": sticky }),
        ...(version === undefined ? {} : { "x-slipway-version": String(version) }),
      };
      const path = `/api/v1/models/${encodeURIComponent(name)}/predict${explain === true ? "?explain=true" : ""}`;
      const answer = await ask(path, body, { signal, headers });
      return answer as ClientPrediction;
    },
    async read(wanted: readonly (ReadableFeature | string)[], keys: readonly unknown[], { signal }: ReadOptions = {}) {
      const features = wanted.map(nameOf);
      const body = JSON.stringify({ features, keys: keys.map((key) => plainRow(key as UntypedRow)) });
      return rowsOf(features, (await ask("/api/v1/features/read", body, { signal })) as never) as never;
    },
    async push(source: unknown, events: readonly unknown[], { signal }: PushEventsOptions = {}) {
      const rows = events.map((event) => plainRow(event as UntypedRow));
      const body = JSON.stringify({ source: sourceName(source), events: rows });
      return (await ask("/api/v1/push", body, { signal, isIdempotent: true })) as ClientPush;
    },
    async label(labels, { signal } = {}) {
      const body = JSON.stringify({ labels });
      return (await ask("/api/v1/labels", body, { signal, isIdempotent: true })) as ClientLabels;
    },
    async alerts(filter = {}, { signal } = {}) {
      const asked = { signal, isIdempotent: true };
      return ((await ask(alertsPath(filter), undefined, asked)) as { readonly alerts: readonly ClientAlert[] }).alerts;
    },
    alert: async (id, { signal } = {}) =>
      (await ask(alertPath(id), undefined, { signal, isIdempotent: true })) as ClientShownAlert,
    async alertDeliveries(filter = {}, { signal } = {}) {
      const answer = await ask(deliveriesPath(filter), undefined, { signal, isIdempotent: true });
      return (answer as { readonly deliveries: readonly ClientAlertDelivery[] }).deliveries;
    },
    async retryAlertDelivery(id, { signal } = {}) {
      const path = `/api/v1/alert-deliveries/${encodeURIComponent(id)}/retry`;
      return ((await ask(path, "{}", { signal })) as { readonly retried: number }).retried;
    },
    async answerAlert(id, answer, { signal } = {}) {
      const note = "comment" in answer ? answer.comment : answer.note;
      // Acknowledging and resolving again change nothing; a comment would stand there twice.
      const isIdempotent = !("comment" in answer);
      return (await ask(alertPath(id, answer), JSON.stringify({ note }), { signal, isIdempotent })) as ClientAlert;
    },
    route: async (model, { signal } = {}) =>
      (await ask(routePath(named(model)), undefined, { signal, isIdempotent: true })) as ClientRoute,
    moveRoute: async (model, move, { signal } = {}) =>
      (await ask(routePath(named(model)), JSON.stringify(move), { signal })) as ClientRoute,
  };
}
