// The verbs about logged predictions, as data: what was answered, by which version, and what became of it.

import type { NounSpec } from "./command-spec.ts";

/** `slipway predictions`, in the order of its help. */
export const predictions: NounSpec = {
  name: "predictions",
  summary: "look at what was predicted, and what became of it",
  commands: [
    {
      name: "list",
      summary: "list a model's logged predictions, newest first, with the labels that were pushed",
      arguments: [["<model>", "the model's name"]],
      options: [
        ["--of <version>", "only this version's"],
        ["--route <route>", "only those of champion, canary, override or shadow"],
        ["--from <time>", "only those made at this time or later"],
        ["--to <time>", "only those made before this time"],
        ["--limit <number>", "how many", "100"],
      ],
      examples: [
        "slipway predictions list flight_delay",
        "slipway predictions list flight_delay --route canary --from 2013-07-01 --json",
      ],
      load: () => import("./commands/predictions-list.ts"),
    },
    {
      name: "show",
      summary: "show what is logged under an id, and every label that was pushed for it",
      arguments: [
        ["<model>", "the model's name"],
        ["<id>", "the prediction's id"],
      ],
      examples: ["slipway predictions show flight_delay UA-1714-2013-07-01"],
      load: () => import("./commands/predictions-show.ts"),
    },
  ],
};
