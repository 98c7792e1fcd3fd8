// Lineage as a graph: source → column → feature → model → dataset → run → version → alias and deployment, with monitors and retraining rules beside
// it, and what tracking clients logged: input → run → logged model → version. It is made of definitions as they are now, of those that a dataset was made by (which may have changed since: their nodes carry a hash), and of
// records. An edge leads from what is used to what uses it.

import { contentHash, formatInstant, type Instant } from "../core/core.ts";
import {
  allViews,
  definitionHash,
  definitionsOf,
  type ExpressionNode,
  expressionsOf,
  type FeatureViewSpec,
  featureHash,
  featuresRead,
  leavesOf,
  type ModelSpec,
  type Project,
  plainForm,
  sourcePlace,
} from "../define/define.ts";
import { trainedFeatures } from "./uses.ts";

/** One thing in the graph. */
export interface LineageNode {
  /** `kind:name`; with `#` and a hash for a definition as it was. */
  readonly id: string;
  readonly kind:
    | "source"
    | "column"
    | "feature"
    | "model"
    | "dataset"
    | "run"
    | "version"
    | "alias"
    | "deployment"
    | "input"
    | "loggedModel"
    | "monitor"
    | "retrain";
  readonly name: string;
  /** What else to say: the source's place, a dataset's rows, that a definition has changed since. */
  readonly note?: string;
}

/** One use. */
export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  /** As what it is used, where that is not plain: "key", "time", "label", "request", or a row's "weight", "group", "upperBound" or "splitBy". */
  readonly as?: string;
}

/** Things and uses. */
export interface LineageGraph {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
}

/** What the graph is made of besides definitions. */
export interface LineageFacts {
  readonly versions: readonly {
    readonly model: string;
    readonly number: number;
    readonly runId: string | null;
    readonly datasetId: string | null;
    readonly definitionsHash: string;
    readonly features: unknown;
    /** The number of the model's version that its training went on from. */
    readonly from?: number;
    readonly aliases: readonly string[];
  }[];
  readonly datasets: readonly {
    readonly id: string;
    readonly model: string;
    readonly definitionsHash: string;
    readonly rowCount: number;
    readonly runs: readonly string[];
  }[];
  /** Which servers answer with which versions now. */
  readonly deployments: readonly {
    readonly owner: string;
    readonly model: string;
    readonly version: number;
    readonly since: Instant;
  }[];
  /** What tracking clients said that their runs read and made. */
  readonly logged: {
    readonly inputs: readonly {
      readonly name: string;
      readonly digest: string;
      readonly source: string;
      readonly runs: readonly string[];
    }[];
    readonly models: readonly {
      readonly id: string;
      readonly name: string;
      readonly runId: string | null;
      readonly readBy: readonly string[];
      readonly versions: readonly { readonly model: string; readonly number: number }[];
    }[];
  };
  /** A run that is asked about, whether or not anything is linked to it. */
  readonly asked?: string;
  /** A model's definition as it was applied under a hash. */
  readonly modelOf: (hash: string) => ModelSpec | undefined;
}

/** Builds the whole graph. */
export function lineageGraph(project: Project, facts: LineageFacts): LineageGraph {
  const graph = new GraphBuilder();
  for (const source of definitionsOf(project, "source")) graph.add("source", source.name, sourcePlace(source));
  const current = new Map<string, string>();
  for (const view of definitionsOf(project, "featureView"))
    for (const { name } of view.features) {
      current.set(`${view.name}.${name}`, featureHash(view, name) ?? "");
      addFeature(graph, view, name, "");
    }
  for (const view of allViews(project)) {
    if (view.kind === "featureView") continue;
    for (const feature of view.features) {
      current.set(`${view.name}.${feature.name}`, contentHash(plainForm(feature.value)));
      addDerived(graph, view.name, feature, "", (of, name) => `feature:${of}.${name}`);
    }
  }
  const models = new Map<string, string>();
  for (const model of definitionsOf(project, "model"))
    models.set(definitionHash(model), addModel(graph, model, "", current));
  const modelBy = (name: string, hash: string): string => {
    const known = models.get(hash);
    if (known !== undefined) return known;
    const spec = facts.modelOf(hash);
    const suffix = `#${hash.slice(0, 8)}`;
    const id = spec
      ? addModel(graph, spec, suffix, current)
      : graph.add("model", name, "a definition that was not recorded", suffix);
    models.set(hash, id);
    return id;
  };
  for (const { id, model, definitionsHash, rowCount, runs } of facts.datasets) {
    const dataset = graph.add("dataset", id, `${rowCount} training rows of ${model}`);
    graph.link(modelBy(model, definitionsHash), dataset);
    for (const run of runs) graph.link(dataset, graph.add("run", run));
  }
  for (const version of facts.versions) {
    const { model, number, runId, datasetId, definitionsHash, aliases } = version;
    const id = graph.add("version", `${model}@${number}`);
    if (version.from !== undefined)
      graph.link(graph.add("version", `${model}@${version.from}`), runId === null ? id : graph.add("run", runId));
    if (runId !== null) graph.link(graph.add("run", runId), id);
    else if (datasetId !== null) graph.link(`dataset:${datasetId}`, id);
    else if (trainedFeatures(version)) graph.link(modelBy(model, definitionsHash), id);
    for (const alias of aliases) graph.link(id, graph.add("alias", `${model}@${alias}`));
  }
  addLogged(graph, facts);
  for (const { name, model } of definitionsOf(project, "monitor"))
    graph.link(`model:${model}`, graph.add("monitor", name));
  for (const { name, model, when } of definitionsOf(project, "retrain")) {
    const rule = graph.add("retrain", name);
    graph.link(`model:${model}`, rule);
    for (const trigger of when) graph.link(`monitor:${trigger.monitor}`, rule);
  }
  return graph.done();
}

function addLogged(graph: GraphBuilder, { deployments, logged, asked }: LineageFacts): void {
  if (asked !== undefined) graph.add("run", asked);
  for (const { name, digest, source, runs } of logged.inputs) {
    const input = graph.add("input", `${name}@${digest}`, source.slice(0, 200));
    for (const run of runs) graph.link(input, graph.add("run", run));
  }
  for (const { id, name, runId, readBy, versions } of logged.models) {
    const node = graph.add("loggedModel", id, name);
    if (runId !== null) graph.link(graph.add("run", runId), node);
    for (const run of readBy) graph.link(node, graph.add("run", run));
    for (const { model, number } of versions) graph.link(node, graph.add("version", `${model}@${number}`));
  }
  for (const { owner, model, version, since } of deployments) {
    const node = graph.add("deployment", `${model} on ${serverName(owner)}`, `since ${formatInstant(since)}`);
    graph.link(graph.add("version", `${model}@${version}`), node);
  }
}

/** A process's mark as people name it: `host:pid`; a mark of another kind is what it is. */
function serverName(mark: string): string {
  try {
    const { host, pid } = JSON.parse(mark) as { readonly host?: unknown; readonly pid?: unknown };
    if (typeof host === "string" && typeof pid === "number") return `${host}:${pid}`;
  } catch {
    // Not ours to read.
  }
  return mark;
}

function addColumn(graph: GraphBuilder, source: string, column: string): string {
  const id = graph.add("column", `${source}.${column}`);
  graph.link(graph.add("source", source), id);
  return id;
}

function addFeature(graph: GraphBuilder, view: FeatureViewSpec, name: string, suffix: string): string {
  const note = suffix === "" ? undefined : "as it was then";
  const id = graph.add("feature", `${view.name}.${name}`, note, suffix);
  const { source } = view;
  if (suffix !== "") graph.add("source", source.name, sourcePlace(source));
  const rule = view.features.find((each) => each.name === name)?.rule;
  for (const leaf of rule ? expressionsOf(rule).flatMap(leavesOf) : [])
    graph.link(addColumn(graph, source.name, leaf.name), id);
  for (const key of view.keys) graph.link(addColumn(graph, source.name, key.name), id, "key");
  for (const time of [source.eventTime, source.createdAt])
    if (time !== undefined) graph.link(addColumn(graph, source.name, time), id, "time");
  return id;
}

/** A derived feature; `stored` gives the node of a stored one. */
function addDerived(
  graph: GraphBuilder,
  view: string,
  feature: { readonly name: string; readonly value: ExpressionNode },
  suffix: string,
  stored: (view: string, feature: string) => string | undefined,
): string {
  const id = graph.add("feature", `${view}.${feature.name}`, suffix === "" ? undefined : "as it was then", suffix);
  for (const leaf of leavesOf(feature.value)) {
    const from = leaf.kind === "feature" ? stored(leaf.view, leaf.name) : undefined;
    if (from !== undefined) graph.link(from, id);
  }
  return id;
}

function addModel(graph: GraphBuilder, model: ModelSpec, suffix: string, current: ReadonlyMap<string, string>): string {
  const id = graph.add("model", model.name, suffix === "" ? undefined : "as it was then", suffix);
  const stored = (name: string, feature: string): string | undefined => {
    const view = model.views.find((each) => each.name === name);
    if (!view) return undefined;
    const meaning = featureHash(view, feature) ?? "";
    if (current.get(`${name}.${feature}`) === meaning) return `feature:${name}.${feature}`;
    return addFeature(graph, view, feature, `#${meaning.slice(0, 8)}`);
  };
  const own = model.inputs.filter((input) => input.from !== "derived" || input.view === undefined);
  for (const { view, feature } of featuresRead(own)) {
    const from = stored(view, feature);
    if (from !== undefined) graph.link(from, id);
  }
  for (const input of model.inputs) {
    if (input.from !== "derived" || input.view === undefined) continue;
    const meaning = contentHash(plainForm(input.value));
    const isCurrent = current.get(`${input.view}.${input.name}`) === meaning;
    const from = addDerived(graph, input.view, input, isCurrent ? "" : `#${meaning.slice(0, 8)}`, stored);
    graph.link(from, id);
  }
  for (const { name } of model.request) graph.link(addColumn(graph, model.rows.name, name), id, "request");
  const asked = new Set(model.request.map(({ name }) => name));
  for (const key of model.views.flatMap((view) => view.keys))
    if (!asked.has(key.name)) graph.link(addColumn(graph, model.rows.name, key.name), id, "key");
  for (const leaf of leavesOf(model.label.value))
    graph.link(addColumn(graph, model.label.source.name, leaf.name), id, "label");
  for (const [role, { from, value }] of Object.entries(model.beside ?? {}))
    for (const leaf of leavesOf(value))
      graph.link(addColumn(graph, from === "rows" ? model.rows.name : model.label.source.name, leaf.name), id, role);
  return id;
}

/** Collects nodes and edges, each once. */
class GraphBuilder {
  readonly #nodes = new Map<string, LineageNode>();
  readonly #edges = new Map<string, LineageEdge>();

  add(kind: LineageNode["kind"], name: string, note?: string, suffix = ""): string {
    const id = `${kind}:${name}${suffix}`;
    if (!this.#nodes.has(id)) this.#nodes.set(id, { id, kind, name, ...(note === undefined ? {} : { note }) });
    return id;
  }

  /** A thing that is used as more than one is linked as the first. */
  link(from: string, to: string, as?: string): void {
    const id = `${from} ${to}`;
    if (!this.#edges.has(id)) this.#edges.set(id, { from, to, ...(as === undefined ? {} : { as }) });
  }

  done(): LineageGraph {
    const edges = [...this.#edges.values()].filter(({ from, to }) => this.#nodes.has(from) && this.#nodes.has(to));
    return { nodes: [...this.#nodes.values()], edges };
  }
}
