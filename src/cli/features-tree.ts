// The verbs about features, as data. They are in the order of a first day: what there is, what it was, what it is now, and what is trained on it.

import type { NounSpec } from "./command-spec.ts";

/** `slipway features`, in the order of its help. */
export const features: NounSpec = {
  name: "features",
  summary: "look at features, compute them, read them, audit them",
  commands: [
    {
      name: "list",
      summary: "list the feature views",
      about: "A feature is filed under the tags and owner of its view and of its own; only those that fit are listed.",
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
      about:
        "Writes what became known since the last time into the online store. Running it twice changes nothing; one that was killed goes on, or starts a view again that was never online. With --json each step is a line on stderr.",
      arguments: [["[views...]", "the views' names (default: all)"]],
      options: [
        ["--to <instant>", "only what was known before then, in UTC (default: now)"],
        ["--parallel <views>", "how many views at once (default: one a processor)"],
      ],
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
};
