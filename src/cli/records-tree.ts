// The commands about runs, Git's names and making versions again, as data: a part of tree.ts.

import type { CommandSpec, NounSpec } from "./command-spec.ts";

/** `slipway reproduce` */
export const reproduceCommand: CommandSpec = {
  name: "reproduce",
  summary: "train a version again, and say whether it comes out the same",
  about:
    "Says what is no longer as it was (code, definition, packages, engines, data, machine). When nothing that matters is, or with --anyway, trains once more from the same dataset and compares the bytes. Checks out, registers and moves nothing.",
  arguments: [["<version>", "model@3 or model@champion"]],
  options: [["--anyway", "train also when something that matters differs"]],
  examples: ["slipway reproduce flight_delay@champion", "slipway reproduce flight_delay@3 --anyway --json"],
  load: () => import("./commands/reproduce.ts"),
};

/** `slipway git` */
export const gitNoun: NounSpec = {
  name: "git",
  summary: "name versions in Git",
  commands: [
    {
      name: "tag",
      summary: "tag a commit with the model and dataset versions that belong to it",
      about:
        "Makes an annotated tag whose message names the versions with the hashes of their content. slipway models at REVISION and slipway datasets at REVISION find them, from every later commit and branch too.",
      arguments: [["<name>", "the tag's name"]],
      options: [
        ["--model <version...>", "model@3 or model@champion (default: the champion of every model)"],
        ["--dataset <id...>", "a dataset's id or the start of it (default: what the versions were trained on)"],
        ["--at <revision>", "the commit to tag (default: HEAD)"],
      ],
      examples: ["slipway git tag release-7", "slipway git tag release-7 --model flight_delay@champion --at 1f3c9d2"],
      load: () => import("./commands/git-tag.ts"),
    },
  ],
};

/** `slipway runs` */
export const runsNoun: NounSpec = {
  name: "runs",
  summary: "look at runs, lay them side by side",
  commands: [
    {
      name: "list",
      summary: "list the runs, newest first",
      about:
        "Lists native runs and those of tracking clients, with the metrics that most of them have. The id's end is enough to name a run.",
      options: [
        ["--model <name>", "runs about this model, and runs that made a version of it"],
        ["--experiment <name>", "only this experiment's"],
        ["--status <status>", "running, finished, failed or cancelled"],
        ["--filter <clauses>", "as MLflow writes it: \"metrics.auc > 0.7 and params.max_depth = '6'\""],
        ["--order <key...>", 'sort by such a key: "metrics.auc DESC" (default: newest first)'],
        ["--limit <number>", "at most so many", "100"],
      ],
      examples: [
        "slipway runs list --model flight_delay",
        'slipway runs list --filter "metrics.test.auc > 0.7" --order "metrics.test.auc DESC" --limit 10',
      ],
      load: () => import("./commands/runs-list.ts"),
    },
    {
      name: "show",
      summary: "show one run: what came of it, its curves, and what it was made with",
      arguments: [["<run>", "its id, the start or the end of it, its name, or model@version"]],
      options: [["--plot <metric...>", "draw these metrics' curves"]],
      examples: ["slipway runs show flight_delay@champion", "slipway runs show 2b7c5d8e --plot validate-logloss"],
      load: () => import("./commands/runs-show.ts"),
    },
    {
      name: "compare",
      summary: "lay runs side by side, what differs first",
      arguments: [["<runs...>", "two or more, each as for runs show"]],
      options: [
        ["--all", "also tell what is the same"],
        ["--plot <metric>", "draw this metric of all of them in one plot"],
      ],
      examples: [
        "slipway runs compare flight_delay@1 flight_delay@2",
        "slipway runs compare 2b7c5d8e 6a1077f3 --plot validate-logloss",
      ],
      load: () => import("./commands/runs-compare.ts"),
    },
    {
      name: "diff",
      summary: "what differs from one run to another: code, parameters, packages, data, engines",
      about:
        "Holds the two commits against each other where the repository has both, and shows what either had not committed.",
      arguments: [
        ["<from>", "a run, as for runs show"],
        ["<to>", "the other"],
      ],
      examples: ["slipway runs diff flight_delay@1 flight_delay@2"],
      load: () => import("./commands/runs-diff.ts"),
    },
  ],
};
