import type { CommandSpec } from "./command-spec.ts";

/** `slipway explain` */
export const explainCommand: CommandSpec = {
  name: "explain",
  summary: "say why a version answers what it does, on the whole or for one row",
  about:
    "On the whole: what each input adds (SHAP), how much worse the model's metric is without it, and how answers move with it. For one row: what each input added, a local linear model (LIME), and what would have to change. Changes nothing, and keeps nothing unless told to.",
  arguments: [["<version>", "model@number or model@alias; a model alone means its champion"]],
  options: [
    ["--rows <rows>", "test, validate, train, or a span of time such as 2025-03-01..2025-04-01", "test"],
    ["--sample <number>", "so many of these rows are drawn", "1000"],
    ["--seed <number>", "what decides the draws", "0"],
    ["--class <name>", "of several classes the one that is meant (default: the most probable)"],
    ["--metric <name>", "what inputs are shuffled for, such as auc (default: the log loss, else the first)"],
    ["--repeats <number>", "how often each input is shuffled; 0 for not at all", "5"],
    ["--key <id>", "explain one of the rows, by its id"],
    ["--row <json>", "explain one row, by its inputs' values"],
    ["--prediction <id>", "explain one row, out of the prediction log"],
    ["--lime", "also explain the row by a linear model of the answers around it"],
    ["--continuous", "with --lime: numbers as they are, not by their quartiles"],
    ["--samples <number>", "with --lime: samples around the row", "5000"],
    ["--inputs <number>", "with --lime: most inputs that are named", "10"],
    ["--counterfactual <answer>", "what would have to change for another answer: '>=0.5', '<20', or a class"],
    ["--fixed <input...>", "with --counterfactual: inputs that stay as they are"],
    ["--within <bounds...>", "with --counterfactual: distance=0..500 or carrier=UA|DL"],
    ["--changes <number>", "with --counterfactual: most inputs that change together", "3"],
    ["--report <file>", "also write a report, one HTML file that needs nothing else"],
    ["--keep", "keep the document and the report with the version's run"],
  ],
  examples: [
    "slipway explain flight_delay --report why.html",
    "slipway explain flight_delay@3 --prediction UA-1714-2013-07-01 --lime",
    `slipway explain flight_delay --key UA-1714-2013-07-01 --counterfactual "<0.2" --fixed distance`,
  ],
  load: () => import("./commands/explain.ts"),
};
