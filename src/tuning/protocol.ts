// Ask and tell as JSON lines, so that a program in any language can own the objective: one reply per command, in order. A command that fails
// answers an error and changes nothing. What comes in is trusted in nothing.

import { asSlipwayError, type ErrorCode, SlipwayError } from "../core/core.ts";
import { createOptimiser, type Optimiser, type OptimiserOptions, type Outcome } from "./optimiser.ts";

/** One side of the conversation: a line in, a line out; undefined ends it. */
export type Conversation = (line: string) => string | undefined;

type Command = Readonly<Record<string, unknown>>;

const CODES: Partial<Record<ErrorCode, string>> = {
  DEFINITION_INVALID: "invalid_space",
  INPUT_INVALID: "invalid_command",
  TRIAL_NOT_FOUND: "unknown_trial",
};

/** A conversation of protocol version 1; `version` is what `hello` says of this program. */
export function converse(version: string): Conversation {
  let study: Optimiser | undefined;
  const asked = (): Optimiser => {
    if (study) return study;
    throw new Refusal("no_study", "There is no study yet: send create with a space first.");
  };
  const answer = (command: Command): object => {
    switch (command["cmd"]) {
      case "hello":
        return { protocol: 1, name: "slipway", version, features: ["report", "batch", "constraints", "conditional"] };
      case "create":
        study = createOptimiser(studyOf(command));
        return { ok: true };
      case "ask":
        return asked().ask();
      case "tell":
        asked().tell(idOf(command), outcomeOf(command));
        return { ok: true };
      case "report":
        return { stop: asked().report(idOf(command), command["step"] as number, command["value"] as number) };
      case "best": {
        const best = asked().best();
        if (best) return { id: best.id, value: best.value, params: best.params };
        throw new Refusal("no_trial", "No trial was told a value yet that keeps the constraints.");
      }
      default:
        throw new Refusal("unknown_command", `There is no command ${JSON.stringify(command["cmd"])}.`);
    }
  };
  return (line) => {
    try {
      const command = parse(line);
      return command["cmd"] === "quit" ? undefined : JSON.stringify(answer(command));
    } catch (thrown) {
      if (thrown instanceof Refusal) return refusal(thrown.code, thrown.message);
      const { code, message } = asSlipwayError(thrown);
      return refusal(CODES[code] ?? code.toLowerCase(), message);
    }
  };
}

/** What the protocol alone refuses, by its own codes; never leaves this file. */
class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

function refusal(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } });
}

function parse(line: string): Command {
  let command: unknown;
  try {
    command = JSON.parse(line);
  } catch (cause) {
    throw new SlipwayError("INPUT_INVALID", `A command is one JSON object a line: ${(cause as Error).message}.`, {
      cause,
    });
  }
  if (isObject(command)) return withoutNulls(command);
  throw new SlipwayError("INPUT_INVALID", "A command is one JSON object a line.");
}

/** A command without the fields that are null, for some languages write so what is absent; nor have its pruner and its parameters such fields. */
function withoutNulls(command: Command): Command {
  const { space, pruner, ...rest } = present(command);
  const within = (value: unknown): unknown => (isObject(value) ? present(value) : value);
  return {
    ...rest,
    ...(pruner === undefined ? {} : { pruner: within(pruner) }),
    // A parameter that is null itself is none, and is refused by name.
    ...(space === undefined
      ? {}
      : {
          space: isObject(space)
            ? Object.fromEntries(Object.entries(space).map(([name, each]) => [name, within(each)]))
            : space,
        }),
  };
}

function present(fields: Command): Command {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function isObject(value: unknown): value is Command {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The protocol's own fields of `create` and no others: what else there is means nothing. Their values are the optimiser's to check. */
function studyOf({ space, direction, seed, budget, sampler, pruner, constraints }: Command): OptimiserOptions {
  const fields = { space, direction, seed, budget, sampler, pruner, constraints };
  return fields as unknown as OptimiserOptions;
}

function idOf({ id }: Command): number {
  if (Number.isSafeInteger(id)) return id as number;
  throw new SlipwayError("TRIAL_NOT_FOUND", `There is no trial ${JSON.stringify(id) ?? "without an id"}.`);
}

function outcomeOf({ state = "complete", value, constraints }: Command): Outcome {
  switch (state) {
    case "failed":
      return { state };
    case "pruned":
      return value === undefined ? { state } : { state, value: value as number };
    case "complete":
      return { value: value as number, ...(constraints === undefined ? {} : { constraints: constraints as number[] }) };
    default:
      throw new SlipwayError("INPUT_INVALID", `state is complete, failed or pruned, not ${JSON.stringify(state)}.`);
  }
}
