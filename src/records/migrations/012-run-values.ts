/** Where runs with a value are: searches by a parameter, a tag or a metric begin there. Long values, such as a model's history, are left out. */
export function runValueIndexes(): readonly string[] {
  return [
    "create index params_by_value on params (key, value, run_id) where length(value) <= 256",
    "create index tags_by_value on tags (key, value, run_id) where length(value) <= 256",
    "create index latest_metrics_by_value on latest_metrics (key, value, run_id)",
  ];
}
