// Every command, as data: its words, options and examples, and which file does it. To add one, add it here and write its file.

import type { CommandContext } from "./run-command.ts";

/** What a command's file exports: `options` and the positional arguments come as commander parsed them. */
interface CommandModule {
  run(context: CommandContext, options: never, ...positionals: never[]): Promise<void>;
}

/** One command. */
export interface CommandSpec {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** More for the command's own help. */
  readonly about?: string;
  readonly arguments?: readonly (readonly [name: string, about: string])[];
  readonly options?: readonly (readonly [flags: string, about: string, byDefault?: string])[];
  readonly examples: readonly string[];
  readonly load: () => Promise<CommandModule>;
}

/** A noun with its verbs. */
export interface NounSpec {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandSpec[];
}

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
  {
    name: "features",
    summary: "look at features, compute them, read them, audit them",
    commands: [
      {
        name: "list",
        summary: "list the feature views",
        about:
          "A feature is filed under the tags and owner of its view and of its own; only those that fit are listed.",
        options: [
          ["--tag <name=value...>", "only what has all of these tags"],
          ["--owner <owner>", "only what this owner answers for"],
          ["--entity <entity>", "only what is about this entity"],
        ],
        examples: ["slipway features list", "slipway features list --tag domain=delays --owner airline-operations"],
        load: () => import("./commands/features-list.ts"),
      },
      {
        name: "search",
        summary: "find features by words",
        about: "Looks in names, descriptions, tags, owners and columns; what holds most of the words comes first.",
        arguments: [["<words...>", "the words"]],
        examples: ["slipway features search carrier delay"],
        load: () => import("./commands/features-search.ts"),
      },
      {
        name: "show",
        summary: "show one feature view: what it is, who uses it, figures and examples",
        about: "Figures and examples are computed from the offline data, as the values were known.",
        arguments: [
          ["<view>", "the view's name"],
          ["[key...]", "the key that --as-of asks for, as name=value"],
        ],
        options: [
          ["--no-statistics", "leave out figures and examples, which read the data"],
          ["--as-of <instant>", "instead, the values of one key as they were known then, in UTC"],
          ["--key <name=value...>", "the same, as an option"],
        ],
        examples: [
          "slipway features show carrier_departures",
          "slipway features show carrier_departures carrier=UA --as-of 2013-07-01",
        ],
        load: () => import("./commands/features-show.ts"),
      },
      {
        name: "history",
        summary: "show every change of a key's values, as they were known, and why",
        about:
          "Computed from the offline data: an event, a late arrival, a window that moved on, a newest row that grew too old. An age changes with every unit of time and is left out.",
        arguments: [
          ["<view>", "the view's name"],
          ["[key...]", "the key, as name=value"],
        ],
        options: [
          ["--key <name=value...>", "the same, as an option"],
          ["--from <instant>", "changes from then on, in UTC (default: the first)"],
          ["--to <instant>", "changes up to then, in UTC (default: now)"],
          ["--after <instant>", "go on where the page before ended"],
          ["--limit <number>", "at most so many changes", "100"],
        ],
        examples: ["slipway features history carrier_departures carrier=UA --from 2013-07-01 --to 2013-07-02"],
        load: () => import("./commands/features-history.ts"),
      },
      {
        name: "materialize",
        summary: "bring the online store up to date",
        about: "Writes what became known since the last time into the online store. Running it twice changes nothing.",
        arguments: [["[views...]", "the views' names (default: all)"]],
        options: [["--to <instant>", "only what was known before then, in UTC (default: now)"]],
        examples: [
          "slipway features materialize",
          "slipway features materialize carrier_departures --to 2013-07-01T06:00:00Z",
        ],
        load: () => import("./commands/features-materialize.ts"),
      },
      {
        name: "read",
        summary: "read features of one or many entities from the online store",
        about:
          "Reads as serving does, all from one snapshot: every value comes with its status and age. A key's name that comes again starts the next key.",
        arguments: [["<words...>", "views or view.feature, then keys as name=value"]],
        options: [
          ["--key <name=value...>", "more keys, as an option"],
          ["--keys <file>", "more keys: a JSON list of objects, or one object a line"],
          ["--at <instant>", "as of then, in UTC (default: now)"],
        ],
        examples: [
          "slipway features read carrier_departures carrier=UA --at 2013-07-01T06:00:00Z",
          "slipway features read carrier_departures plane.plane_seats carrier=UA tailnum=N14228 carrier=AA tailnum=N619AA",
        ],
        load: () => import("./commands/features-read.ts"),
      },
      {
        name: "expect",
        summary: "propose what to expect of a source or a view, from the data that is there",
        about:
          "Prints TypeScript ready to paste: what held in the rows looked at, with room for chance, and what it rests on. Values far outside are named, not reached for.",
        arguments: [["<name>", "a source or a feature view"]],
        options: [["--sample <rows>", "look at about so many rows", "1000000"]],
        examples: ["slipway features expect weather", "slipway features expect origin_weather --sample 100000 --json"],
        load: () => import("./commands/features-expect.ts"),
      },
      {
        name: "check",
        summary: "look at every expectation of the sources and views, and say which do not hold",
        about:
          "Looks at what the project expects of its data, as of now, and changes nothing. Fails when an expectation that rejects or stops does not hold.",
        arguments: [["[name]", "the source or feature view to look at (default: all)"]],
        examples: ["slipway features check", "slipway features check weather --json"],
        load: () => import("./commands/features-check.ts"),
      },
      {
        name: "clean",
        summary: "remove online values of definitions that nothing needs any more",
        about:
          "Applying keeps the online values of changed and removed views, for live versions that were trained with them and for servers that still run. This removes those that neither needs.",
        options: [
          ["--older-than <time>", "only what has not been in force for so long", "24h"],
          ["--dry-run", "tell what would go, and remove nothing"],
        ],
        examples: ["slipway features clean --dry-run", "slipway features clean --older-than 7d"],
        load: () => import("./commands/features-clean.ts"),
      },
      {
        name: "audit",
        summary: "ask logged online reads again, offline, and count the mismatches",
        arguments: [["[model]", "the model whose predictions to audit (default: all)"]],
        examples: ["slipway features audit", "slipway features audit flight_delay --json"],
        load: () => import("./commands/features-audit.ts"),
      },
      {
        name: "training-set",
        summary: "write a model's rows, features and labels as Parquet",
        about:
          "Writes one file, or with --partition-by a folder of parts with a manifest, which is recorded as a dataset. Features are as of each row's time.",
        arguments: [["<model>", "the model's name"]],
        options: [
          ["--out <path>", "the Parquet file to write; with --partition-by a new folder"],
          ["--partition-by <unit>", "a part per year, month or day of the rows' time, or none for a single part"],
        ],
        examples: [
          "slipway features training-set flight_delay --out flight_delay.parquet",
          "slipway features training-set flight_delay --out datasets/2013 --partition-by month --memory 900MB",
        ],
        load: () => import("./commands/features-training-set.ts"),
      },
    ],
  },
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
      "From source column to feature, model, dataset, run, version and alias. A thing is a column (departures.dep_delay), a feature (view.feature), a view, a model, a version (model@3), an alias (model@champion), a dataset or a run.",
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
  {
    name: "train",
    summary: "train a model and register a version",
    about:
      "Builds the training set, fits, evaluates and registers a version; the first becomes champion by itself, a later one when it is promoted.",
    arguments: [["<model>", "the model's name"]],
    options: [
      ["--until <instant>", "use only rows and labels known before then, in UTC"],
      ["--no-promote", "leave the alias champion where it is"],
    ],
    examples: ["slipway train flight_delay", "slipway train flight_delay --until 2013-07-01 --no-promote"],
    load: () => import("./commands/train.ts"),
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
        name: "promote",
        summary: "make a version the champion: running servers follow",
        arguments: [
          ["<model>", "the model's name"],
          ["<version>", "the version's number"],
        ],
        examples: ["slipway models promote flight_delay 3"],
        load: () => import("./commands/models-promote.ts"),
      },
      {
        name: "rollback",
        summary: "make the champion before this one champion again",
        arguments: [["<model>", "the model's name"]],
        examples: ["slipway models rollback flight_delay"],
        load: () => import("./commands/models-rollback.ts"),
      },
      {
        name: "import",
        summary: "bring in a model that was made elsewhere",
        about:
          "Takes an ONNX model (.onnx) or an XGBoost model (.ubj, .json, .xgb) as a version that can be served without a definition. Nothing in it is executed; pickles are refused.",
        arguments: [["<file>", "the file"]],
        options: [["--as <model>", "the model's name here"]],
        examples: ["slipway models import late.onnx --as late"],
        load: () => import("./commands/models-import.ts"),
      },
    ],
  },
  {
    name: "runs",
    summary: "look at training runs",
    commands: [
      {
        name: "list",
        summary: "list the runs, newest first",
        options: [["--model <name>", "only this model's"]],
        examples: ["slipway runs list --model flight_delay"],
        load: () => import("./commands/runs-list.ts"),
      },
      {
        name: "show",
        summary: "show one run: parameters, metrics, dataset",
        arguments: [["<run>", "the run's id"]],
        examples: ["slipway runs show 019ab0f2-6c1e-7d3a-9f41-2b7c5d8e6a10"],
        load: () => import("./commands/runs-show.ts"),
      },
    ],
  },
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
  {
    name: "serve",
    summary: "serve the champions over HTTP",
    about: "Serves until Ctrl-C. A champion that is moved takes effect at once, without dropped requests.",
    options: [
      ["--port <number>", "the port; 0 for any free one, which is printed", "8080"],
      ["--host <address>", "the address to listen on", "127.0.0.1"],
      ["--at <instant>", "start the clock there, in UTC, instead of now"],
      ["--key-limit <number>", "the most keys of one feature read", "1000"],
      ["--watch", "also bring new rows online, and run monitors and retraining rules when they are due"],
    ],
    examples: ["slipway serve", "slipway serve --port 0 --at 2013-12-31T12:00:00Z"],
    load: () => import("./commands/serve.ts"),
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
