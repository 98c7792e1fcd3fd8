// What is asked of Feast's server and of Slipway in its dialect; feast-recorded.json holds what Feast answered.

/** One request. `body` as text is sent as it is. */
export interface FeastRequest {
  readonly name: string;
  readonly path?: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Only the kind of problem is Feast's; where and what in Python's words is not. */
  readonly isLoose?: boolean;
}

const read = (name: string, body: unknown): FeastRequest => ({ name, body });
const trip = ["driver_trip:fare", "driver_trip:seats", "driver_trip:meter", "driver_trip:note", "driver_trip:shared"];

/** The requests, each by a name of its own. */
export const feastRequests: readonly FeastRequest[] = [
  read("all features of some drivers", { entities: { driver_id: [0, 1, 3, 1] }, features: trip }),
  read("a driver that nobody knows", { entities: { driver_id: [4711, 1] }, features: trip }),
  read("full names", { entities: { driver_id: [1] }, features: trip.slice(0, 2), full_feature_names: true }),
  read("a whole number as text", { entities: { driver_id: ["1"] }, features: ["driver_trip:seats"] }),
  read("unknown columns", { entities: { driver_id: [1], colour: ["red"] }, features: ["driver_trip:seats"] }),
  read("a key of two parts", {
    entities: { origin: ["A", "B", "A"], dest: ["AB", "BB", "ZZ"] },
    features: ["leg:km", "leg:crew"],
  }),
  read("two views", {
    entities: { dest: ["AB"], driver_id: [3], origin: ["A"] },
    features: ["leg:crew", "driver_trip:meter"],
  }),
  read("a feature service", {
    entities: { driver_id: [1, 3], origin: ["A", "B"], dest: ["AB", "BB"] },
    feature_service: "far_flown",
  }),
  read("metadata of views", {
    entities: { driver_id: [1] },
    features: ["driver_trip:seats"],
    include_feature_view_version_metadata: true,
  }),
  read("an unknown view", { entities: { driver_id: [1] }, features: ["nothing:seats"] }),
  read("an unknown feature", { entities: { driver_id: [1] }, features: ["driver_trip:wheels"] }),
  read("an unknown service", { entities: { driver_id: [1] }, feature_service: "nothing" }),
  read("no colon", { entities: { driver_id: [1] }, features: ["driver_trip"] }),
  read("one feature twice", { entities: { driver_id: [1] }, features: ["driver_trip:seats", "driver_trip:seats"] }),
  read("one full name twice", {
    entities: { driver_id: [1] },
    features: ["driver_trip:seats", "driver_trip:seats"],
    full_feature_names: true,
  }),
  read("unequal columns", { entities: { origin: ["A", "B"], dest: ["AB"] }, features: ["leg:km"] }),
  read("no key at all", { entities: { colour: ["red"] }, features: ["driver_trip:seats"] }),
  read("an empty key", { entities: { driver_id: [] }, features: ["driver_trip:seats"] }),
  read("no entities", { entities: {}, features: ["driver_trip:seats"] }),
  read("entities left out", { features: ["driver_trip:seats"] }),
  read("entities of the wrong shape", { entities: [1], features: ["driver_trip:seats"] }),
  read("a key that is no list", { entities: { driver_id: 1 }, features: ["driver_trip:seats"] }),
  read("features of the wrong shape", { entities: { driver_id: [1] }, features: "driver_trip:seats" }),
  read("a feature that is no text", { entities: { driver_id: [1] }, features: [1] }),
  read("a flag that is none", {
    entities: { driver_id: [1] },
    features: ["driver_trip:seats"],
    full_feature_names: "what",
  }),
  { ...read("no JSON", "{"), isLoose: true },
  read("a list", "[]"),
  {
    name: "no content type",
    body: { entities: {} },
    headers: { "content-type": "application/x-www-form-urlencoded" },
    isLoose: true,
  },
];

/** Driver 2 has expired: Feast goes on answering with the old values, Slipway does not. */
export const expiredRequest: FeastRequest = read("what has expired", { entities: { driver_id: [2] }, features: trip });

/** One answer, with results by feature name, because their order is nobody's. */
export interface FeastAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks a server. */
export async function askFeast(
  url: string,
  { path = "/get-online-features", body, headers, isLoose }: FeastRequest,
): Promise<FeastAnswer> {
  const answer = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  // Beyond 2^53 a number would be rounded here.
  const parsed = JSON.parse(text.replace(/(?<=[[,])(-?\d{16,})(?=[\],])/g, '"int64 $1"'));
  return { status: answer.status, body: isLoose ? parsed.detail[0].type : byName(parsed) };
}

function byName(body: ReturnType<typeof JSON.parse>): unknown {
  if (!Array.isArray(body?.results)) return body;
  const names: readonly string[] = body.metadata.feature_names;
  return {
    metadata: { ...body.metadata, feature_names: names.toSorted() },
    results: Object.fromEntries(names.map((name, index) => [name, inSeconds(body.results[index])])),
  };
}

/** Feast's SQLite store keeps whole seconds of event times. */
function inSeconds(result: { readonly event_timestamps: readonly string[] }): unknown {
  return { ...result, event_timestamps: result.event_timestamps.map((time) => time.replace(/\.\d+Z$/, "Z")) };
}
