// What each column of a view or of a model's training set is made from, down to columns of sources: values that go into it, and the keys and times that
// decide which rows do.

import {
  type ExpressionNode,
  expressionsOf,
  type FeatureViewSpec,
  leavesOf,
  type ModelSpec,
  type RowRole,
  rowColumnNames,
  type SourceSpec,
} from "../define/define.ts";

/** A source's column, and as what it is used. */
export interface UsedColumn {
  readonly source: SourceSpec;
  readonly column: string;
  readonly as: "value" | "key" | "time";
}

/** The columns that a view's feature is made from. */
export function featureColumns(view: FeatureViewSpec, feature: string): readonly UsedColumn[] {
  const { source, keys } = view;
  const rule = view.features.find(({ name }) => name === feature)?.rule;
  const values = rule ? expressionsOf(rule).flatMap(leavesOf) : [];
  const times = [source.eventTime, source.createdAt].filter((name) => name !== undefined);
  return once([
    ...values.map(({ name }): UsedColumn => ({ source, column: name, as: "value" })),
    ...keys.map(({ name }): UsedColumn => ({ source, column: name, as: "key" })),
    ...times.map((column): UsedColumn => ({ source, column, as: "time" })),
  ]);
}

/** The columns that each column of a model's training set is made from, by name. */
export function trainingColumns(model: ModelSpec): Readonly<Record<string, readonly UsedColumn[]>> {
  const { rows, label, views } = model;
  const own = (column: string | undefined, as: UsedColumn["as"], source: SourceSpec = rows): readonly UsedColumn[] =>
    column === undefined ? [] : [{ source, column, as }];
  const ofFeature = (view: string, feature: string): readonly UsedColumn[] => {
    const spec = views.find(({ name }) => name === view);
    return spec ? [...featureColumns(spec, feature), ...spec.keys.flatMap(({ name }) => own(name, "key"))] : [];
  };
  const ofExpression = (node: ExpressionNode): readonly UsedColumn[] =>
    leavesOf(node).flatMap((leaf) =>
      leaf.kind === "feature" ? ofFeature(leaf.view, leaf.name) : own(leaf.name, "value"),
    );
  const inputs = model.inputs.map((input): readonly [string, readonly UsedColumn[]] => {
    if (input.from === "feature") return [input.name, ofFeature(input.view, input.name)];
    return [input.name, input.from === "request" ? own(input.name, "value") : ofExpression(input.value)];
  });
  const { source } = label;
  const known = [...own(source.eventTime, "value", source), ...own(source.createdAt, "value", source)];
  const columns: readonly (readonly [string, readonly UsedColumn[]])[] = [
    ["key", own(rows.id, "value")],
    ["t", own(rows.eventTime, "value")],
    ...inputs,
    [
      "label",
      [
        ...leavesOf(label.value).flatMap((leaf) => own(leaf.name, "value", source)),
        ...own(source.id, "key", source),
        ...own(rows.id, "key"),
      ],
    ],
    ["label_known_at", known],
    ...Object.entries(model.beside ?? {}).map(([role, { from, value }]): readonly [string, readonly UsedColumn[]] => [
      rowColumnNames[role as RowRole],
      leavesOf(value).flatMap((leaf) => own(leaf.name, "value", from === "rows" ? rows : source)),
    ]),
  ];
  return Object.fromEntries(columns.map(([name, used]) => [name, once(used)]));
}

function once(columns: readonly UsedColumn[]): readonly UsedColumn[] {
  return [...new Map(columns.map((each) => [`${each.source.name} ${each.column} ${each.as}`, each])).values()];
}
