// The commands about searching for parameters, as data: a part of tree.ts.

import type { NounSpec } from "./command-spec.ts";

/** `slipway tune` */
export const tuneNoun: NounSpec = {
  name: "tune",
  summary: "search for the parameters that do best",
  commands: [
    {
      name: "model",
      byDefault: true,
      summary: "search for a model's parameters: slipway tune <model>",
      about:
        "Trains the model with other parameters and judges each by the model's first metric on the validation rows. Trials are runs below the study's run, and the first is the definition as it stands. A study that was stopped goes on when the same is asked again.",
      arguments: [["<model>", "the model's name"]],
      options: [
        ["--trials <number>", "how many trials in all (default: 30, or the study's)"],
        ["--seconds <number>", "begin no trial after so many seconds"],
        ["--patience <number>", "end when so many trials in a row brought nothing better"],
        ["--timeout <seconds>", "a trial that takes longer fails"],
        ["--parallel <number>", "so many trainings at once (default: 1)"],
        [
          "--pruner <name>",
          "stop what will not do well early: none, auto, asha, hyperband, median or patience (default: none)",
        ],
        [
          "--space <file>",
          "what to search, as JSON; docs/tuning.md says how (default: the usual parameters of the trainer)",
        ],
        ["--sampler <name>", "auto, gp, tpe, cmaes, sobol, random or grid (default: auto, or the study's)"],
        ["--seed <number>", "the same seed gives the same suggestions (default: 0, or the study's)"],
        ["--study <name>", "the study's name: one that is there goes on, else a new one gets it"],
        ["--resume <study>", "go on with a study, by its name or run"],
        ["--new", "begin a new study, whatever was stopped"],
        ["--migrate", "give the study the space that is asked for now"],
        ["--warm-start", "begin with what earlier studies of the model found"],
      ],
      examples: [
        "slipway tune model flight_delay --trials 30",
        "slipway tune flight_delay --space space.json --parallel 4 --pruner asha",
        "slipway tune flight_delay --study depth --trials 100 --json",
      ],
      load: () => import("./commands/tune-model.ts"),
    },
    {
      name: "serve",
      summary: "be the optimiser of a program in any language: JSON lines on stdin and stdout",
      about:
        "The program owns the objective: it sends create with a space, asks for params, and tells what came out. One reply line per command; docs/tuning.md has the protocol.",
      examples: ["slipway tune serve", 'echo \'{"cmd":"hello"}\' | slipway tune serve'],
      load: () => import("./commands/tune-serve.ts"),
    },
  ],
};

/** `slipway studies` */
export const studiesNoun: NounSpec = {
  name: "studies",
  summary: "look at searches for parameters",
  commands: [
    {
      name: "list",
      summary: "list the studies, newest first",
      options: [["--model <name>", "only this model's"]],
      examples: ["slipway studies list --model flight_delay"],
      load: () => import("./commands/studies-list.ts"),
    },
    {
      name: "show",
      summary: "a study with its trials",
      arguments: [["<study>", "its name, or its run"]],
      examples: ["slipway studies show flight_delay-1", "slipway studies show flight_delay-1 --json"],
      load: () => import("./commands/studies-show.ts"),
    },
    {
      name: "report",
      summary: "a study as one HTML file: history, importance, parameters, front",
      about: "No script and nothing fetched: it can be sent to anybody.",
      arguments: [["<study>", "its name, or its run"]],
      options: [["--out <file>", "the file to write"]],
      examples: ["slipway studies report flight_delay-1 --out tuning.html"],
      load: () => import("./commands/studies-report.ts"),
    },
    {
      name: "export",
      summary: "write a study's trials into a file",
      about: "One row a trial with every parameter as a column, or the whole study as JSON.",
      arguments: [["<study>", "its name, or its run"]],
      options: [
        ["--out <file>", "where to; it must not be there yet"],
        ["--format <name>", "csv or json (default: by the file's name, else csv)"],
      ],
      examples: ["slipway studies export flight_delay-1 --out trials.csv"],
      load: () => import("./commands/studies-export.ts"),
    },
  ],
};
