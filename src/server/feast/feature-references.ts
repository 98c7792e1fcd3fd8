// Feast's names for features (`view:feature`, `view@v2:feature`) and feature services, as Slipway's own.

import { allViews, definitionsOf, type Project } from "../../define/define.ts";
import type { FeatureReader, FeatureSelection } from "../../platform/platform.ts";
import { feastError, keyError, pythonError, pythonList, pythonText } from "./refusal.ts";

/** What a request names, looked up. */
export interface FeastSelection {
  readonly selection: FeatureSelection;
  /** Per view, the names its features are answered under. */
  readonly names: readonly (readonly string[])[];
}

const REFERENCE = /^([^:@]+)(?:@(?:v(\d+)|latest))?:(.+)$/;

interface Reference {
  readonly text: string;
  readonly view: string;
  readonly feature: string;
}

/** So many selections are remembered per reader: programs ask for few, over and over. */
const REMEMBERED = 100;
const remembered = new WeakMap<FeatureReader, Map<string, FeastSelection>>();

/** Looks feature references up, and checks that the names they are answered under are all different. */
export function selectReferences(reader: FeatureReader, texts: readonly string[], isFull: boolean): FeastSelection {
  let known = remembered.get(reader);
  if (!known || known.size >= REMEMBERED) {
    known = new Map();
    remembered.set(reader, known);
  }
  const mark = `${isFull} ${texts.join(" ")}`;
  const before = known.get(mark);
  if (before) return before;
  const selected = lookUp(reader, texts, isFull);
  known.set(mark, selected);
  return selected;
}

function lookUp(reader: FeatureReader, texts: readonly string[], isFull: boolean): FeastSelection {
  if (texts.length === 0) throw pythonError("Provide the features to read, or a feature_service.");
  const references = texts.map((text) => parseReference(reader.project, text));
  refuseCollisions(references, isFull);
  const selection = reader.select(references.map(({ view, feature }) => `${view}.${feature}`));
  const names = selection.views.map(({ spec, features }) => {
    const view = spec.name.split("@")[0] ?? "";
    return features.map(({ name }) => (isFull ? `${view}__${name}` : name));
  });
  return { selection, names };
}

function parseReference(project: Project, text: string): Reference {
  const [, family = "", version, feature = ""] = REFERENCE.exec(text) ?? [];
  if (family === "")
    throw pythonError(
      `Invalid feature reference ${pythonText(text)}. Expected format: '<feature_view>:<feature>' or '<feature_view>@<version>:<feature>'`,
    );
  const view = version === undefined || Number(version) < 2 ? family : `${family}@${version}`;
  const spec = allViews(project).find(({ name }) => name === view);
  if (!spec)
    throw feastError("FeatureViewNotFoundException", `Feature view ${view} does not exist in project ${project.name}`);
  if (!spec.features.some(({ name }) => name === feature))
    throw keyError(`Feature ${feature} not found in projection ${view}`);
  return { text, view, feature };
}

function refuseCollisions(references: readonly Reference[], isFull: boolean): void {
  const byName = new Map<string, Reference[]>();
  for (const reference of references) {
    const name = isFull ? reference.text : reference.feature;
    byName.set(name, [...(byName.get(name) ?? []), reference]);
  }
  const collided = [...byName.values()].filter(({ length }) => length > 1);
  if (collided.length === 0) return;
  const names = isFull
    ? collided.map(([first]) => (first?.text ?? "").replace(":", "__"))
    : collided.flatMap((each) => each.map(({ feature }) => feature));
  const advice = isFull
    ? "To resolve this collision, please ensure that the feature views or their own features have different names. If you're intentionally joining the same feature view twice on different sets of entities, please rename one of the feature views with '.with_name'."
    : "To resolve this collision, either use the full feature name by setting 'full_feature_names=True', or ensure that the features in question have different names.";
  throw feastError(
    "FeatureNameCollisionError",
    `Duplicate features named ${[...new Set(names)].join(", ")} found.\n${advice}`,
  );
}

/** The references of a feature service: here, the features of views that a model of that name reads. */
export function serviceReferences(project: Project, service: string): readonly string[] {
  const model = definitionsOf(project, "model").find(({ name }) => name === service);
  if (!model)
    throw feastError(
      "FeatureServiceNotFoundException",
      `Feature service ${service} does not exist in project ${project.name}`,
    );
  return model.inputs.flatMap((input) =>
    input.from !== "request" && input.view !== undefined ? [`${referenceView(input.view)}:${input.name}`] : [],
  );
}

/** A view's name as Feast writes it. */
function referenceView(view: string): string {
  return view.replace("@", "@v");
}

/** What Feast says when an entity's key is not among what was sent. */
export function missingKeys(missing: readonly string[], empty: readonly string[], given: readonly string[]): Error {
  return keyError(
    `Missing join key values for keys: ${pythonList(missing)}. No values provided for keys: ${pythonList(empty)}. Provided join_key_values: ${pythonList(given)}`,
  );
}
