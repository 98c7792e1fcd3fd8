// The door of `catalog`: what there is, who uses it and where it comes from, worked out from definitions and from facts that the caller has
// gathered. Nothing here reads anything.

export { featureColumns, trainingColumns, type UsedColumn } from "./column-lineage.ts";
export { entityOf, type FeatureDocument, type ViewDocument, viewDocument } from "./documents.ts";
export { type CatalogFilter, type FoundThing, type FoundView, findViews, searchFeatures } from "./find.ts";
export { type LineageGraph, type LineageNode, lineageGraph } from "./lineage.ts";
export { type Lineage, type LineageDirection, lineageOf } from "./lineage-walk.ts";
export {
  type AffectedVersion,
  type AppliedDefinition,
  type BreakingUse,
  breakingUses,
  type DefinitionChange,
  definitionChanges,
  type PlannedChange,
  plannedChanges,
} from "./plan.ts";
export type { SearchHit } from "./search.ts";
export { trainedViews, type Uses, usesOf } from "./uses.ts";
