// The door of `define`: the words users write, and the plain data they become.

export {
  type Aggregate,
  age,
  approxCountDistinct,
  count,
  countDistinct,
  first,
  last,
  lastK,
  latest,
  max,
  mean,
  min,
  type Quantiles,
  quantile,
  quantiles,
  rate,
  share,
  stddev,
  sum,
  timeSinceLast,
  topK,
  variance,
  type Windows,
} from "./aggregate.ts";
export type { AlertRules, AlertRulesSpec } from "./alert-rules.ts";
export { type CalibrateOptions, type CalibrateSpec, isotonic, platt } from "./calibrate.ts";
export {
  type Channel,
  type ChannelSpec,
  type EmailOptions,
  type EmailVia,
  email,
  type JiraOptions,
  type JiraVia,
  jira,
  log,
  slack,
  teams,
  webhook,
} from "./channel.ts";
export {
  type CustomMetricSpec,
  isCustomMetric,
  type MetricRows,
  measureCustom,
  metric,
} from "./custom-metric.ts";
export { type Definition, definitionHash, meaningOf, type Spec, specOf } from "./definition.ts";
export {
  type DerivedFeatureSpec,
  type DerivedReference,
  type DerivedView,
  type DerivedViewOptions,
  type DerivedViewSpec,
  derivedOf,
  derivedView,
  type OnDemand,
  type OnDemandOptions,
  type OnDemandSpec,
  onDemand,
} from "./derived.ts";
export { type Entity, type EntitySpec, entity } from "./entity.ts";
export {
  atLeast,
  atMost,
  between,
  type Expectation,
  type ExpectationSpec,
  freshWithin,
  holds,
  letInCondition,
  matches,
  notNull,
  oneOf,
  type RowCountOptions,
  type RowExpectation,
  type RowExpectationSpec,
  references,
  rowCount,
  rowExpectations,
  type SetExpectationSpec,
  type SetRule,
  type Severity,
  unique,
} from "./expectation.ts";
export { type Expression, expressionOf, literal, when } from "./expression.ts";
export { type FeatureRead, featureHash, featuresRead, plainForm } from "./feature-meaning.ts";
export {
  type AggregateOperator,
  expressionsOf,
  type FeatureDefinition,
  type FeatureRule,
  type WindowRule,
} from "./feature-rule.ts";
export {
  type FeatureReference,
  type FeatureSpec,
  type FeatureTypes,
  type FeatureView,
  type FeatureViewOptions,
  type FeatureViewSpec,
  featureView,
} from "./feature-view.ts";
export { type Field, type Fields, type InputOf, type RowInput, t } from "./field.ts";
export { type CsvOptions, csv, type JsonLinesOptions, jsonLines, type ParquetOptions, parquet } from "./file-source.ts";
export { type LinearOptions, linear, linearOf, type Penalty } from "./linear.ts";
export { described, type Metadata } from "./metadata.ts";
export {
  areaUnderRoc,
  type Labels,
  likeliest,
  logLossOf,
  meanLoss,
  measure,
  type RowsBeside,
  rowLogLoss,
  rowLoss,
  type Scores,
} from "./metric.ts";
export {
  accuracy,
  auc,
  concordance,
  logLoss,
  type MetricSpec,
  mae,
  metricProblem,
  ndcg,
  pinball,
  rmse,
} from "./metric-spec.ts";
export {
  type InputSpec,
  type Model,
  type ModelOptions,
  type ModelSpec,
  model,
  type RowOf,
} from "./model.ts";
export {
  type EntityKeys,
  type Feature,
  type FeatureGroup,
  type FeatureGroupSpec,
  featureGroup,
  type ModelFeature,
  type ReadableFeature,
  type ReadInput,
} from "./model-features.ts";
export {
  alertFrom,
  type Monitor,
  type MonitorOptions,
  type MonitorSpec,
  monitor,
  type Retrain,
  type RetrainOptions,
  type RetrainSpec,
  retrain,
  type TriggerSpec,
} from "./monitor.ts";
export { type ExpressionNode, type LeafNode, leavesOf, type Operator } from "./node.ts";
export { type OnlineOptions, online } from "./online.ts";
export { groupGains } from "./ordering.ts";
export { type Pattern, readPattern } from "./pattern.ts";
export type { PreparationSpec, PreprocessSpec } from "./preparation.ts";
export {
  bucketize,
  cross,
  dateParts,
  drop,
  hash,
  impute,
  isMissing,
  minMaxScale,
  ngramHash,
  of,
  oneHot,
  type Preprocess,
  robustScale,
  type Step,
  type StepSpec,
  type Steps,
  standardize,
  targetEncode,
  textLength,
} from "./preprocess.ts";
export {
  type AnyViewSpec,
  allViews,
  collectProject,
  type DefinitionSpec,
  definitionsOf,
  findAnyView,
  findDefinition,
  findView,
  type Project,
  type ProjectConfig,
  project,
  type ReadableViewSpec,
  readableViews,
} from "./project.ts";
export {
  type GateOptions,
  type GateSpec,
  type PromotionOptions,
  type PromotionSpec,
  promotionOf,
} from "./promotion.ts";
export {
  type EventOf,
  historyOf,
  type PushOptions,
  type PushSource,
  type PushSpec,
  pushSource,
} from "./push-source.ts";
export { type ProgramSpec, type PythonOptions, python } from "./python-trainer.ts";
export { isTrained, type RowColumnSpec, type RowRole, rowColumnNames } from "./row-column.ts";
export { compareValues, type LeafReader, rowFunction } from "./row-function.ts";
export { type CostSpec, type SliceSpec, sliceOf } from "./slice.ts";
export {
  type CsvSpec,
  type DuckdbTableSpec,
  type JsonLinesSpec,
  type ParquetSpec,
  type PostgresTableSpec,
  type Source,
  type SourceSpec,
  type SqliteTableSpec,
  sourcePlace,
  type TimeText,
} from "./source.ts";
export { epochUnits } from "./source-time.ts";
export {
  byGroup,
  byTime,
  isByShares,
  random,
  rollingOrigin,
  type ShareOptions,
  type SplitSpec,
  stratified,
} from "./split.ts";
export { duckdbTable, type EnvironmentValue, env, postgresTable, sqliteTable } from "./table-source.ts";
export {
  binary,
  type LabelType,
  multiclass,
  type RegressionLoss,
  type RegressionOptions,
  ranking,
  regression,
  survival,
  type Task,
  type TaskKind,
  type TaskSpec,
  taskText,
} from "./task.ts";
export type { TrainerSpec } from "./trainer.ts";
export { type DartOptions, type StopMetric, type XgboostOptions, xgboost } from "./xgboost.ts";
