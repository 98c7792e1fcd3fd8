// How a command is told, as data; commander and the help are made of it.

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
  /** What every failure of it ends with, in place of each error's own exit code; stdout then stays empty. */
  readonly failureExit?: number;
  /** Runs when its noun is followed by no verb's name. */
  readonly byDefault?: boolean;
}

/** A noun with its verbs. */
export interface NounSpec {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandSpec[];
}
