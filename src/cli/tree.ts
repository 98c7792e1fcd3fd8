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
  readonly options?: readonly (readonly [flags: string, about: string])[];
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
    name: "doctor",
    summary: "check this machine and project, and say what to do",
    examples: ["slipway doctor", "slipway doctor --project examples/flights"],
    load: () => import("./commands/doctor.ts"),
  },
];
