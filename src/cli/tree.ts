// Every command, as data: its words, options and examples, and which file does it. To add one, add it here and write its file; a noun with
// many verbs has a file of its own.

import { alertsNoun } from "./alerts-tree.ts";
import type { CommandSpec, NounSpec } from "./command-spec.ts";
import { explainCommand } from "./explain-tree.ts";
import { features } from "./features-tree.ts";
import { predictions } from "./predictions-tree.ts";
import { gitNoun, reproduceCommand, runsNoun } from "./records-tree.ts";
import { packageCommand, routeCommand, serveCommand } from "./serve-tree.ts";
import { studiesNoun, tuneNoun } from "./tune-tree.ts";
import { users } from "./users-tree.ts";

/** The command line, in the order of its help. */
export const tree: readonly (CommandSpec | NounSpec)[] = [
  {
    name: "init",
    summary: "start a small project that runs",
    about:
      "Writes a small project with made-up data: definitions, a config, and rows to train on. No file is overwritten.",
    arguments: [["[dir]", "the folder to write into (default: this one)"]],
    examples: ["slipway init late-deliveries"],
    load: () => import("./commands/init.ts"),
  },
  {
    name: "import",
    summary: "take over another tool's project",
    commands: [
      {
        name: "feast",
        summary: "turn a Feast repository into definitions",
        about:
          "Reads feature_store.yaml and the Python files without running them, and writes definitions.ts and slipway.config.ts. What could not be carried over is listed, here and in the file.",
        arguments: [["<repo>", "the folder that holds feature_store.yaml"]],
        options: [
          ["--out <dir>", "the folder to write into", "."],
          ["--force", "write over files that are there"],
        ],
        examples: ["slipway import feast ../driver_ranking/feature_repo --out drivers"],
        load: () => import("./commands/import-feast.ts"),
      },
    ],
  },
  {
    name: "doctor",
    summary: "check this machine and project, and say what to do",
    examples: ["slipway doctor", "slipway doctor --project examples/flights"],
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "plan",
    summary: "show what applying the definitions would do",
    about:
      "Shows what is new, changed (which field), removed or only said differently, what that breaks, and what is to be done after it. Changes nothing.",
    options: [["--detailed-exitcode", "end with 2 when there is something to apply, 0 when there is not"]],
    examples: ["slipway plan", "slipway plan --detailed-exitcode --json"],
    load: () => import("./commands/plan.ts"),
  },
  {
    name: "apply",
    summary: "put the definitions in force",
    about:
      "Records the definitions as they are now, in one transaction. A change of what a live version reads is refused: see slipway plan.",
    options: [["--allow-breaking", "also change what live versions read; the audit trail says so"]],
    examples: ["slipway apply"],
    load: () => import("./commands/apply.ts"),
  },
  features,
  predictions,
  {
    name: "quarantine",
    summary: "look at rows that were set aside, let them in again, or drop them",
    commands: [
      {
        name: "list",
        summary: "list the batches of rows that were set aside, newest first",
        arguments: [["[source]", "only this source's"]],
        options: [
          ["--all", "also those that were released, dropped or replaced"],
          ["--limit <number>", "how many batches", "100"],
        ],
        examples: ["slipway quarantine list", "slipway quarantine list departures --json"],
        load: () => import("./commands/quarantine-list.ts"),
      },
      {
        name: "show",
        summary: "show the rows of one batch, each with its reasons",
        arguments: [["<batch>", "the batch's id"]],
        options: [["--limit <number>", "how many rows", "20"]],
        examples: ["slipway quarantine show 019ab0f2-6c1e-7d3a-9f41-2b7c5d8e6a10 --limit 100"],
        load: () => import("./commands/quarantine-show.ts"),
      },
      {
        name: "replay",
        summary: "look at rows again after the data was mended, and let in those that pass",
        about:
          "Looks at the rows as they are in the files now. Those that pass leave the quarantine, and every key they touch is computed anew online, so that each row counts once.",
        arguments: [["[batch]", "the batch's id (default: all)"]],
        options: [["--source <name>", "every batch of this source"]],
        examples: ["slipway quarantine replay", "slipway quarantine replay --source departures --json"],
        load: () => import("./commands/quarantine-replay.ts"),
      },
      {
        name: "drop",
        summary: "delete the copies of rows that nobody needs; the rows stay away",
        arguments: [["[batch]", "the batch's id"]],
        options: [["--source <name>", "every batch of this source"]],
        examples: [
          "slipway quarantine drop 019ab0f2-6c1e-7d3a-9f41-2b7c5d8e6a10",
          "slipway quarantine drop --source departures",
        ],
        load: () => import("./commands/quarantine-drop.ts"),
      },
    ],
  },
  {
    name: "lineage",
    summary: "show what a thing is made of, and what is made of it",
    about:
      "From source column to feature, model, dataset, run, version, alias and the servers that answer with it now, and through what MLflow clients logged. A thing is a column (departures.dep_delay), a feature (view.feature), a view, a model, a version (model@3), an alias (model@champion), a dataset or a run.",
    arguments: [["<thing>", "its name or id"]],
    options: [
      ["--up", "only what it is made of"],
      ["--down", "only what is made of it"],
      ["--format <format>", "text, json or dot (for Graphviz)", "text"],
    ],
    examples: [
      "slipway lineage departures.dep_delay --down",
      "slipway lineage flight_delay@champion --up --format dot",
    ],
    load: () => import("./commands/lineage.ts"),
  },
  {
    name: "datasets",
    summary: "look at training sets, hold them against each other, verify them",
    commands: [
      {
        name: "list",
        summary: "list the datasets, newest first",
        options: [
          ["--model <name>", "only this model's"],
          ["--limit <number>", "the most that are listed (default: 100)"],
        ],
        examples: ["slipway datasets list --model flight_delay"],
        load: () => import("./commands/datasets-list.ts"),
      },
      {
        name: "show",
        summary: "show one dataset: parts, columns, label, sources with their hashes",
        arguments: [["<dataset>", "an id or its start, model@version, a run or a folder"]],
        examples: ["slipway datasets show flight_delay@champion", "slipway datasets show datasets/2013"],
        load: () => import("./commands/datasets-show.ts"),
      },
      {
        name: "at",
        summary: "find the datasets that belong to a commit, branch or tag",
        arguments: [["<revision>", "HEAD, a branch, a tag or a commit"]],
        examples: ["slipway datasets at HEAD"],
        load: () => import("./commands/datasets-at.ts"),
      },
      {
        name: "diff",
        summary: "what changed from one dataset to another: columns, rows by key, values, sources, definitions",
        arguments: [
          ["<from>", "an id or its start, model@version, a run or a folder"],
          ["<to>", "the other"],
        ],
        examples: [
          "slipway datasets diff flight_delay@3 flight_delay@champion",
          "slipway datasets diff datasets/2013 9f3c2a",
        ],
        load: () => import("./commands/datasets-diff.ts"),
      },
      {
        name: "verify",
        summary: "read every byte of a dataset and hold it against what was recorded",
        arguments: [["<dataset>", "an id or its start, model@version, a run or a folder"]],
        examples: ["slipway datasets verify flight_delay@champion", "slipway datasets verify datasets/2013"],
        load: () => import("./commands/datasets-verify.ts"),
      },
      {
        name: "export",
        summary: "copy a dataset to a folder, as Parquet or CSV",
        about:
          "Writes parts and a manifest with their hashes. The rows of a training come as part=train, part=validate and part=test; a folder of Parquet is copied byte for byte.",
        arguments: [["<dataset>", "an id or its start, model@version, a run or a folder"]],
        options: [
          ["--out <dir>", "the folder to write, which is not there yet"],
          ["--format <format>", "parquet or csv", "parquet"],
          ["--dvc", "also put the folder under DVC, as dvc add and dvc push would"],
          ["--remote <dir>", "with --dvc: the folder to push to (default: the repository's remote)"],
        ],
        examples: [
          "slipway datasets export flight_delay@champion --out champion-rows --format csv",
          "slipway datasets export flight_delay@champion --out data/champion --dvc",
        ],
        load: () => import("./commands/datasets-export.ts"),
      },
      {
        name: "import",
        summary: "bring what a DVC file stands for here, every byte checked",
        about:
          "Looks for each file in the workspace, DVC's cache and a remote that is a folder, and takes it only when its bytes have the hash. A dataset that Slipway wrote is recorded.",
        arguments: [["<file>", "the .dvc file"]],
        options: [["--out <dir>", "the folder to write, which is not there yet"]],
        examples: ["slipway datasets import data/champion.dvc --out champion"],
        load: () => import("./commands/datasets-import.ts"),
      },
    ],
  },
  reproduceCommand,
  gitNoun,
  {
    name: "train",
    summary: "train a model and register a version",
    about:
      "Builds the training set, fits, evaluates and registers a version; the first becomes champion by itself, a later one when it is promoted.",
    arguments: [["<model>", "the model's name"]],
    options: [
      ["--until <instant>", "use only rows and labels known before then, in UTC"],
      ["--no-promote", "leave the alias champion where it is"],
      ["--from <version>", "go on from this version of the model, on the rows that are newer than its own"],
      ["--refresh", "with --from: keep its trees, and learn their leaves anew from those rows"],
      ["--learn-from-log", "let an online() version go on with the labels that were pushed since"],
    ],
    examples: [
      "slipway train flight_delay",
      "slipway train flight_delay --until 2013-07-01 --no-promote",
      "slipway train flight_delay --from flight_delay@champion",
      "slipway train click_rate --learn-from-log",
    ],
    load: () => import("./commands/train.ts"),
  },
  {
    name: "evaluate",
    summary: "judge a version: figures with intervals, slices, costs, and a report",
    about:
      "Scores rows that are labelled with a version, with the champion beside it, and tells the field's metrics with bootstrap intervals, per slice, and the decisions that cost least. Changes nothing, and keeps nothing unless told to.",
    arguments: [["<version>", "model@number or model@alias; a model alone means its champion"]],
    options: [
      ["--rows <rows>", "test, validate, train, or a span of time such as 2025-03-01..2025-04-01", "test"],
      ["--slice <expression...>", "judge a part on its own: a column for one slice per value, or comparisons"],
      ["--cost <fp:fn>", "what a false positive and a false negative cost (default: the model's own)"],
      ["--cluster <column>", "rows with the same value belong together, for the intervals"],
      ["--resamples <number>", "how often rows are drawn for the intervals", "500"],
      ["--seed <number>", "what decides the draws", "0"],
      ["--linear", "also fit a linear model to the same training rows, to compare with"],
      ["--report <file>", "also write a report, one HTML file that needs nothing else"],
      ["--keep", "keep the document and the report with the version's run: tracking clients and the server show them"],
    ],
    examples: [
      "slipway evaluate flight_delay",
      'slipway evaluate flight_delay@3 --slice origin --slice "distance > 1500 and carrier = UA" --cost 1:5 --report report.html',
    ],
    load: () => import("./commands/evaluate.ts"),
  },
  explainCommand,
  {
    name: "predict",
    summary: "predict a whole source or file",
    about:
      "Scores every row with features as of its time, from the offline data, and writes ids, fields and scores as Parquet or CSV with a manifest. A run that was stopped goes on where it stood; a finished one is not made again.",
    arguments: [["<version>", "model@number or model@alias; a model alone means its champion"]],
    options: [
      ["--output <path>", "a .parquet or .csv file, or a folder of Parquet parts"],
      ["--input <file>", "rows in .parquet, .csv or .jsonl, or a glob; default the model's own rows"],
      ["--source <name>", "rows of a source of the definitions, such as a table of Postgres"],
      ["--at <instant>", "ask every row as of this time, in UTC, instead of its own"],
      ["--with-inputs", "also write what the model was given"],
      ["--part-rows <number>", "rows that are joined and scored at a time", "1000000"],
      ["--restart", "forget what a stopped run of other rows or another version left"],
    ],
    examples: [
      "slipway predict flight_delay --input tomorrow.parquet --output scores.parquet",
      "slipway predict flight_delay@3 --source upcoming --at 2013-07-01 --output scores/",
    ],
    load: () => import("./commands/predict.ts"),
  },
  {
    name: "keys",
    summary: "sign what goes out, say whose signatures are believed, and seal secrets",
    commands: [
      {
        name: "create",
        summary: "make this installation's signing key",
        about: "The private half stays in the state folder, readable by its owner alone.",
        examples: ["slipway keys create"],
        load: () => import("./commands/keys-create.ts"),
      },
      {
        name: "list",
        summary: "list the own key and those that are trusted",
        examples: ["slipway keys list"],
        load: () => import("./commands/keys-list.ts"),
      },
      {
        name: "trust",
        summary: "believe what somebody else's key signed",
        arguments: [
          ["<name>", "whose key it is, in your words"],
          ["<key>", "the line that slipway keys list shows there"],
        ],
        examples: ["slipway keys trust research ed25519:2GwxkGG1+VKhGmBIEl4dGQ5IiMlVQnpyDb/BTHYmYbA="],
        load: () => import("./commands/keys-trust.ts"),
      },
      {
        name: "distrust",
        summary: "believe a key no longer",
        arguments: [["<name>", "its name here"]],
        examples: ["slipway keys distrust research"],
        load: () => import("./commands/keys-distrust.ts"),
      },
      {
        name: "rotate",
        summary: "seal the secrets of webhooks with a new key",
        about:
          "The key lies in the state folder, readable by its owner alone. Servers go on meanwhile. Where it is in SLIPWAY_SECRETS_KEY, it is changed there.",
        examples: ["slipway keys rotate"],
        load: () => import("./commands/keys-rotate.ts"),
      },
    ],
  },
  {
    name: "gc",
    summary: "clear away what nothing names any more",
    about:
      "Removes contents that no version and no run names, uploads that nobody went on with, what killed writers left, snapshots and copies of rows that no record names, and the artifacts of runs deleted long ago. What a version or an alias needs stays, and uploads may go on meanwhile.",
    options: [
      ["--older-than <duration>", "only what was written, or deleted, longer ago than this", "30d"],
      ["--dry-run", "change nothing; say what would go"],
    ],
    examples: ["slipway gc --dry-run", "slipway gc --older-than 7d"],
    load: () => import("./commands/gc.ts"),
  },
  {
    name: "models",
    summary: "look at models and their versions, and move the champion",
    commands: [
      {
        name: "list",
        summary: "list the models",
        examples: ["slipway models list"],
        load: () => import("./commands/models-list.ts"),
      },
      {
        name: "show",
        summary: "show a model's versions and aliases, or one version",
        arguments: [
          ["<model>", "the model's name"],
          ["[version]", "a version's number or an alias"],
        ],
        examples: ["slipway models show flight_delay", "slipway models show flight_delay champion"],
        load: () => import("./commands/models-show.ts"),
      },
      {
        name: "compare",
        summary: "lay versions side by side, what differs first",
        arguments: [["<versions...>", "two or more: model@3 model@champion, or model 3 champion"]],
        options: [["--all", "also tell what is the same"]],
        examples: ["slipway models compare flight_delay 1 champion"],
        load: () => import("./commands/models-compare.ts"),
      },
      {
        name: "diff",
        summary: "what differs from one version to another: code, parameters, packages, data, engines",
        arguments: [["<versions...>", "two: model@3 model@champion, or model 3 champion"]],
        examples: ["slipway models diff flight_delay 1 champion"],
        load: () => import("./commands/models-diff.ts"),
      },
      {
        name: "at",
        summary: "find the versions that belong to a commit, branch or tag",
        about:
          "Looks for tags made by slipway git tag on the revision and its ancestors, the nearest first, and for versions that were trained at that very commit. Verifies by content whether this registry has them.",
        arguments: [["<revision>", "HEAD, a branch, a tag or a commit"]],
        examples: ["slipway models at HEAD"],
        load: () => import("./commands/models-at.ts"),
      },
      {
        name: "promote",
        summary: "make a version the champion: running servers follow",
        about:
          "Moves an alias when the version has passed the gates and has the approvals that its model asks for. The move stands in the audit trail with who, when, why and what it rested on.",
        arguments: [
          ["<model>", "the model's name"],
          ["<version>", "the version's number or an alias"],
        ],
        options: [
          ["--alias <name>", "the alias to move", "champion"],
          ["--reason <text>", "why, for the audit trail"],
          ["--expect <version>", "move it only if it names this version now, or none"],
          ["--force", "move it although gates or approvals are open; needs --reason"],
        ],
        examples: [
          "slipway models promote flight_delay 3",
          'slipway models promote flight_delay 3 --expect 2 --reason "better on every carrier"',
        ],
        load: () => import("./commands/models-promote.ts"),
      },
      routeCommand,
      {
        name: "rollback",
        summary: "make the champion before this one champion again",
        arguments: [["<model>", "the model's name"]],
        options: [
          ["--alias <name>", "the alias to move back", "champion"],
          ["--reason <text>", "why, for the audit trail"],
        ],
        examples: [
          "slipway models rollback flight_delay",
          'slipway models rollback flight_delay --reason "late alerts"',
        ],
        load: () => import("./commands/models-rollback.ts"),
      },
      {
        name: "export",
        summary: "write a version as one signed file, for another installation",
        about:
          "The file holds the model with its files, features, types, metrics, and where it came from: the run and what it was trained on, without the rows. The same version gives the same bytes. With --onnx it is a file for ONNX Runtime instead: preprocessing, model and calibration in one, raw values in and scores out.",
        arguments: [["<model@version>", "the version, by number or alias"]],
        options: [
          ["--out <file>", "the file to write"],
          ["--unsigned", "do not sign it"],
          ["--onnx", "write one ONNX file of preprocessing, model and calibration"],
        ],
        examples: [
          "slipway models export flight_delay@champion --out flight_delay-3.slipway",
          "slipway models export flight_delay@champion --onnx --out flight_delay.onnx",
        ],
        load: () => import("./commands/models-export.ts"),
      },
      {
        name: "import",
        summary: "bring in a model that was made elsewhere",
        about:
          "Takes what slipway models export wrote, when a key that is trusted here signed it; or an ONNX model (.onnx) or an XGBoost model (.ubj, .json, .xgb) as a version that can be served without a definition. Nothing in it is executed; pickles are refused.",
        arguments: [["<file>", "the file"]],
        options: [
          ["--as <model>", "the model's name here (default: the one in the archive)"],
          ["--allow-unsigned", "take in an archive that nobody trusted signed"],
          ["--max-size <bytes>", "refuse an archive of more, such as 500MiB", "10GiB"],
        ],
        examples: ["slipway models import flight_delay-3.slipway", "slipway models import late.onnx --as late"],
        load: () => import("./commands/models-import.ts"),
      },
      {
        name: "history",
        summary: "show every move of an alias: when, who, why, on what evidence",
        arguments: [["<model>", "the model's name"]],
        options: [["--alias <name>", "the alias", "champion"]],
        examples: [
          "slipway models history flight_delay",
          "slipway models history flight_delay --alias challenger --json",
        ],
        load: () => import("./commands/models-history.ts"),
      },
      {
        name: "gates",
        summary: "show what a version still needs to become champion",
        arguments: [
          ["<model>", "the model's name"],
          ["<version>", "the version's number or an alias"],
        ],
        options: [["--alias <name>", "the alias it is to have", "champion"]],
        examples: ["slipway models gates flight_delay 3"],
        load: () => import("./commands/models-gates.ts"),
      },
      {
        name: "approve",
        summary: "approve a version, as the person whose key is in SLIPWAY_API_KEY",
        arguments: [
          ["<model>", "the model's name"],
          ["<version>", "the version's number or an alias"],
        ],
        options: [
          ["--reason <text>", "what the approval rests on"],
          ["--withdraw", "take the approval back"],
        ],
        examples: ['slipway models approve flight_delay 3 --reason "looked at the slices by carrier"'],
        load: () => import("./commands/models-approve.ts"),
      },
    ],
  },
  users,
  runsNoun,
  {
    name: "push",
    summary: "push events to a source",
    about:
      "Pushes the events of a file, one JSON object a line. Events that were pushed before change nothing, so a push that was stopped is run again. With --url a running server takes them in; without, this process does, and no server of the project may be running.",
    arguments: [["<source>", "the push source's name"]],
    options: [
      ["--file <path>", "the file; - for standard input", "-"],
      ["--url <url>", "the server that takes them in"],
    ],
    examples: [
      "slipway push clicks --file events.jsonl",
      "slipway push clicks --file events.jsonl --url http://127.0.0.1:8080",
    ],
    load: () => import("./commands/push.ts"),
  },
  serveCommand,
  packageCommand,
  {
    name: "drift",
    summary: "hold one Parquet file against another, without a project",
    about:
      "Says whether the rows of one file look like those of another, column by column. You declare how often it may be wrong: when nothing has changed, a window alarms with at most that chance, whatever its size and the number of its columns. Exits with 0 whether or not there is an alarm, and with 2 for a bad call or a file that cannot be read.",
    options: [
      ["--reference <file>", "the rows to hold against; a Parquet file"],
      ["--current <files...>", "a window to judge; several in time order"],
      ["--false-alarms <rate>", "the chance of an alarm when nothing has changed", "0.01"],
      ["--min-effect <size>", "changes up to so many standard deviations do not count", "0"],
      ["--time <column>", "the reference is a history: weekdays and everyday variation in it are no drift"],
      ["--sequence", "the windows are one run: evidence adds up, so that small lasting changes are found"],
      ["--save <file>", "keep what is counted of the reference, to be given as --reference from then on"],
      ["--fail-on-alarm", "exit with 3 on an alarm"],
      ["--report <file>", "also write a page with plots, as one HTML file"],
    ],
    examples: [
      "slipway drift --reference january.parquet --current february.parquet",
      "slipway drift --reference year.parquet --save year.json",
      "slipway drift --reference year.parquet --current mon.parquet tue.parquet --time at --sequence --report drift.html",
    ],
    failureExit: 2,
    load: () => import("./commands/drift.ts"),
  },
  {
    name: "monitor",
    summary: "look at models in production",
    commands: [
      {
        name: "run",
        summary: "look once: drift, performance, alerts",
        arguments: [["[monitor]", "the monitor's name (default: all)"]],
        options: [["--at <instant>", "as of then, in UTC (default: now)"]],
        examples: ["slipway monitor run delay_health"],
        load: () => import("./commands/monitor-run.ts"),
      },
    ],
  },
  alertsNoun,
  {
    name: "retrain",
    summary: "retrain models by their rules",
    commands: [
      {
        name: "run",
        summary: "check triggers, train a challenger, promote it if the gate lets it",
        arguments: [["[rule]", "the retraining rule's name (default: all)"]],
        options: [
          ["--at <instant>", "as of then, in UTC (default: now)"],
          ["--force", "train a challenger even without an alert"],
        ],
        examples: ["slipway retrain run delay_retrain"],
        load: () => import("./commands/retrain-run.ts"),
      },
    ],
  },
  tuneNoun,
  studiesNoun,
  {
    name: "replay",
    summary: "let past time go by through serving, monitoring and retraining",
    about:
      "Asks for every prediction at its own time on the replay clock, lets labels arrive when they were known, and runs monitors and retraining rules as they would have run.",
    arguments: [["<model>", "the model's name"]],
    options: [
      ["--from <instant>", "where to start, in UTC"],
      ["--to <instant>", "where to end, in UTC"],
    ],
    examples: ["slipway replay flight_delay --from 2013-05-01 --to 2013-06-01"],
    load: () => import("./commands/replay.ts"),
  },
];
