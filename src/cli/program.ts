// Builds the command line from the tree and runs what was asked for. Only commander and the tree are loaded until then, so
// that `slipway --help` answers at once; everything else is imported when a command runs.

import { Command, CommanderError } from "commander";
import type { CommandSpec } from "./command-spec.ts";
import type { GlobalOptions, Host } from "./host.ts";
import { tree } from "./tree.ts";
import { ownVersion } from "./version.ts";

/** Runs the command line and returns the exit code. */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  let code = 0;
  const program = createProgram(host, (ended) => {
    code = ended;
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return 0;
    const message =
      thrown.code === "commander.help" ? "This needs one of the commands above." : sentence(thrown.message);
    const { reportUsage } = await import("./run-command.ts");
    const asked = tree.find((entry) => entry.name === argv.find((word) => !word.startsWith("-")));
    const failureExit = asked && "failureExit" in asked ? asked.failureExit : undefined;
    return reportUsage(host, { json: argv.includes("--json") }, message, failureExit);
  }
}

function sentence(message: string): string {
  const text = message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?)]$/.test(text) ? "" : "."} Add --help for how to use it.`;
}

function createProgram(host: Host, ended: (code: number) => void): Command {
  const program = quiet(new Command("slipway"), host)
    .description("Features, models, monitors and retraining rules, from typed definitions to a live model.")
    .version(ownVersion(), "-V, --version", "print the version")
    .option("--project <dir>", "the folder of slipway.config.ts (default: the nearest, upwards)")
    .option("--state <dir>", "where records, features and artifacts are kept (default: .slipway beside the config)")
    .option(
      "--memory <size>",
      "memory for queries, such as 900MB; more spills to disk (default: 60 % of the machine's)",
    )
    .option("--json", "print the answer as one JSON document on stdout");
  const run = (spec: CommandSpec, command: Command): void => {
    command.action(async (...given: unknown[]) => {
      const positionals = given.slice(0, -2);
      const globals = program.opts<GlobalOptions>();
      const { runCommand } = await import("./run-command.ts");
      ended(
        await runCommand(
          host,
          globals,
          async (context) => {
            const { run: work } = await spec.load();
            await work(context, command.opts() as never, ...(positionals as never[]));
          },
          spec.failureExit,
        ),
      );
    });
  };
  for (const entry of tree) {
    if (!("commands" in entry)) {
      program.addCommand(leaf(entry, entry.name, host, run));
      continue;
    }
    const noun = quiet(new Command(entry.name), host).description(entry.summary);
    for (const verb of entry.commands)
      noun.addCommand(leaf(verb, `${entry.name} ${verb.name}`, host, run), { isDefault: verb.byDefault === true });
    noun.addHelpText("after", examples(entry.commands.flatMap((verb) => verb.examples.slice(0, 1))));
    program.addCommand(noun);
  }
  return program.addHelpText("after", examples(["slipway init my-model", "slipway train flight_delay --json"]));
}

function leaf(
  spec: CommandSpec,
  path: string,
  host: Host,
  run: (spec: CommandSpec, command: Command) => void,
): Command {
  const command = quiet(new Command(path.split(" ").at(-1)), host)
    .summary(spec.summary)
    .description(spec.about ?? spec.summary);
  for (const [name, about] of spec.arguments ?? []) command.argument(name, about);
  for (const [flags, about, byDefault] of spec.options ?? []) command.option(flags, about, byDefault);
  command.addHelpText("after", examples(spec.examples));
  run(spec, command);
  return command;
}

function examples(lines: readonly string[]): string {
  return `\nExample${lines.length === 1 ? "" : "s"}:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

function quiet(command: Command, host: Host): Command {
  return command
    .exitOverride()
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      outputError: () => {},
    });
}
