// A Trainer whose model comes from a script of the project. The rows are handed over as files, exactly as the model will be asked when it serves
// (float32, categories as codes); the model comes back as a file that a Runtime loads here, and becomes one only when its scores of a sample are those that
// the script's own framework gave. What a script may read and write is in docs/training-python.md.

import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import {
  columnOf,
  encodeTable,
  isNumeric,
  isValid,
  OWNER_FILE,
  SlipwayError,
  type Table,
  typeText,
} from "../../core/core.ts";
import type { Runtime } from "../../ports/runtime.ts";
import type { TrainedModel, Trainer, TrainingJob, TrainingWatch } from "../../ports/trainer.ts";
import { type Block, loadArrow, writeArrow } from "./arrow-file.ts";
import { interpreterOf, pythonFacts } from "./interpreter.ts";
import { type Outcome, readOutcome } from "./outcome.ts";
import { runScript } from "./script-process.ts";

/** Where scripts are, and what loads the models they leave. */
export interface PythonTrainerOptions {
  /** The project's folder. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Rows and models are kept there while a job runs. */
  readonly temporaryFolder: string;
  /** This process's mark, left with them: a script may run for days without writing. */
  readonly mark: string;
  readonly runtimes: readonly Runtime[];
}

/** How many rows the script and the saved model are compared on. */
const SAMPLE_ROWS = 1000;

/** The Python module that scripts may import. */
const MODULE_FOLDER = fileURLToPath(new URL("../../../python", import.meta.url));

/** Fits models by Python scripts, each in a process of its own that a crash or a cancel takes with it. */
export function pythonTrainer(options: PythonTrainerOptions): Trainer {
  return {
    kind: "python",
    fit: async (job, watch = {}) => {
      throwIfAborted(watch.signal);
      await mkdir(options.temporaryFolder, { recursive: true });
      const folder = await mkdtemp(join(options.temporaryFolder, "python-"));
      try {
        await own(folder, options.mark);
        return await fitIn(folder, options, job, watch);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Whole or not at all: half a mark would be taken for one of another kind. */
async function own(folder: string, mark: string): Promise<void> {
  const file = join(folder, OWNER_FILE);
  await writeFile(`${file}.draft`, mark, { flush: true });
  await rename(`${file}.draft`, file);
}

async function fitIn(
  folder: string,
  { root, env, runtimes }: PythonTrainerOptions,
  job: TrainingJob,
  watch: TrainingWatch,
): Promise<TrainedModel> {
  const { program } = job;
  if (!program) throw new SlipwayError("INPUT_INVALID", "A job of a Python trainer names its script.");
  if (job.group !== undefined || job.upperBound !== undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `A script is given labels and weights, and no ${job.group === undefined ? "upper bounds" : "groups"}: fit ranking and survival models by xgboost().`,
    );
  const script = await scriptIn(root, program.script);
  const interpreter = interpreterOf(root, program.interpreter ?? env["SLIPWAY_PYTHON"] ?? "python3");
  const facts = await pythonFacts(interpreter, env);
  const files = await handOver(folder, job, watch);
  const output = join(folder, "output");
  await mkdir(output);
  const description = {
    version: 1,
    task: job.task ?? { kind: "binary" },
    ...(job.classes === undefined ? {} : { classes: job.classes }),
    inputs: job.inputs,
    label: job.label,
    weight: job.weight ?? null,
    files: files.paths,
    rows: files.rows,
    parameters: job.parameters,
    seed: job.seed,
    threads: job.threads,
    output,
  };
  const jobFile = join(folder, "job.json");
  await writeFile(jobFile, JSON.stringify(description, null, 2));
  const steps = await runScript(
    {
      interpreter,
      args: [script],
      cwd: root,
      env: {
        PYTHONHASHSEED: String(job.seed),
        OMP_NUM_THREADS: String(job.threads),
        ...env,
        PYTHONUNBUFFERED: "1",
        PYTHONPATH: [MODULE_FOLDER, env["PYTHONPATH"]].filter(Boolean).join(process.platform === "win32" ? ";" : ":"),
        SLIPWAY_JOB: jobFile,
      },
      ...(program.timeLimit === undefined ? {} : { timeLimitMs: Number(program.timeLimit / 1000n) }),
    },
    watch,
  );
  const outcome = await readOutcome(
    output,
    job.inputs.map(({ name }) => name),
  );
  await compareScores(runtimes, outcome, files.sample, program.tolerance, job);
  const { artifact, format, bestRound, importance } = outcome;
  const engine = { name: "python", version: facts.version, packages: facts.packages };
  return { format, artifact, bestRound, steps, importance, engine };
}

/** The script's real path. Throws INPUT_INVALID where there is none, or where it is outside the project. */
async function scriptIn(root: string, script: string): Promise<string> {
  const home = await realpath(root);
  const path = await realpath(resolve(home, script)).catch((cause) => {
    throw new SlipwayError(
      "INPUT_INVALID",
      `There is no script "${script}" in ${root}: the option \`script\` of the Python trainer is a path from there.`,
      { cause },
    );
  });
  if (path.startsWith(home + sep)) return path;
  throw new SlipwayError("INPUT_INVALID", `The script "${script}" is outside the project ${root}; move it inside.`);
}

interface HandedOver {
  readonly paths: Readonly<Record<"train" | "validate" | "sample", string | null>>;
  readonly rows: Readonly<Record<"train" | "validate" | "sample", number>>;
  readonly sample: { readonly matrix: Float32Array; readonly rows: number };
}

async function handOver(folder: string, job: TrainingJob, { signal }: TrainingWatch): Promise<HandedOver> {
  const arrow = await loadArrow();
  const columns = { names: job.inputs.map(({ name }) => name), label: job.label, weight: job.weight };
  const pathOf = (part: string): string => join(folder, `${part}.arrow`);
  let sample: Block | undefined;
  const write = async (part: "train" | "validate", tables: AsyncIterable<Table>): Promise<number> => {
    const rows = await writeArrow(
      arrow,
      pathOf(part),
      columns,
      blocksOf(job, part, tables, signal, (block) => {
        sample ??= block;
      }),
    );
    if (rows > 0) return rows;
    throw new SlipwayError("TRAINING_SET_EMPTY", `The ${part} split has no rows, so there is nothing to learn from.`);
  };
  const train = await write("train", job.train);
  const ofTrain = sample;
  sample = undefined;
  const validate = job.validate === undefined ? 0 : await write("validate", job.validate);
  const { matrix, labels, weights } = (sample ?? ofTrain) as Block;
  const count = Math.min(labels.length, SAMPLE_ROWS);
  const block = {
    matrix: matrix.slice(0, count * columns.names.length),
    labels: labels.slice(0, count),
    ...(weights === undefined ? {} : { weights: weights.slice(0, count) }),
  };
  await writeArrow(
    arrow,
    pathOf("sample"),
    columns,
    (async function* () {
      yield block;
    })(),
  );
  return {
    paths: {
      train: pathOf("train"),
      validate: job.validate === undefined ? null : pathOf("validate"),
      sample: pathOf("sample"),
    },
    rows: { train, validate, sample: count },
    sample: { matrix: block.matrix, rows: count },
  };
}

async function* blocksOf(
  job: TrainingJob,
  part: string,
  tables: AsyncIterable<Table>,
  signal: AbortSignal | undefined,
  see: (block: Block) => void,
): AsyncGenerator<Block> {
  let seen = 0;
  for await (const table of tables) {
    throwIfAborted(signal);
    if (table.rowCount === 0) continue;
    const block = {
      matrix: encodeTable(job.inputs, table),
      labels: labelsOf(job, table, part, seen),
      ...(job.weight === undefined ? {} : { weights: weightsOf(job.weight, table, part, seen) }),
    };
    see(block);
    seen += table.rowCount;
    yield block;
  }
}

function labelsOf(job: TrainingJob, table: Table, part: string, seen: number): Float64Array {
  const column = columnOf(table, job.label);
  if (job.classes === undefined && column.type !== "bool" && !isNumeric(column.type))
    throw new SlipwayError(
      "INPUT_INVALID",
      `The label "${job.label}" is ${typeText(column.type)}; it must be bool, int or float.`,
    );
  const codes = job.classes === undefined ? undefined : new Map(job.classes.map((name, code) => [name, code]));
  const numberOf = (value: unknown): number => (codes ? (codes.get(String(value)) ?? Number.NaN) : Number(value));
  const labels = new Float64Array(table.rowCount);
  for (let row = 0; row < table.rowCount; row += 1) {
    const value = isValid(column, row) ? numberOf(column.values[row]) : Number.NaN;
    if (!Number.isFinite(value))
      throw new SlipwayError(
        "INPUT_INVALID",
        `The label "${job.label}" is ${isValid(column, row) ? value : null} in row ${seen + row + 1} of the ${part} split. Leave out rows without a finite label.`,
      );
    labels[row] = value;
  }
  return labels;
}

function weightsOf(name: string, table: Table, part: string, seen: number): Float64Array {
  const column = columnOf(table, name);
  return Float64Array.from({ length: table.rowCount }, (_, row) => {
    const value = isValid(column, row) ? Number(column.values[row]) : Number.NaN;
    if (value > 0 && Number.isFinite(value)) return value;
    throw new SlipwayError(
      "INPUT_INVALID",
      `The weight "${name}" is ${isValid(column, row) ? value : null} in row ${seen + row + 1} of the ${part} split; a weight is a number above 0.`,
    );
  });
}

/** Holds the saved model to what the script's framework said of the sample. Throws TRAINER_FAILED with the first row that differs. */
async function compareScores(
  runtimes: readonly Runtime[],
  { file, format, artifact, bestRound, scores }: Outcome,
  sample: HandedOver["sample"],
  tolerance: number,
  job: TrainingJob,
): Promise<void> {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new SlipwayError(
      "TRAINER_FAILED",
      `The script ended without an error, but ${problem}`,
      cause === undefined ? {} : { cause },
    );
  };
  const runtime = runtimes.find((each) => each.format === format);
  if (!runtime) return refuse(`no runtime for its ${file} is set up.`);
  const predictor = await runtime
    .load(artifact, format === "onnx" ? { threads: job.threads } : { rounds: bestRound, threads: job.threads })
    .catch((thrown: unknown) => refuse(`its ${file} cannot be loaded: ${(thrown as Error).message}`, thrown));
  try {
    const { names = [], count } = { names: predictor.inputNames, count: predictor.inputCount };
    const own = job.inputs.map(({ name }) => name);
    if (count !== own.length) return refuse(`its ${file} takes ${count} inputs, and the model has ${own.length}.`);
    if (names.length > 0 && names.some((name, place) => name !== own[place]))
      return refuse(`its ${file} takes the inputs ${names.join(", ")}, and the model has ${own.join(", ")}.`);
    const found = await predictor.predict(sample.matrix, sample.rows);
    if (scores.length !== found.length)
      return refuse(
        `its result.json has ${scores.length} scores, and its ${file} gives ${found.length} for the ${sample.rows} rows of the sample.`,
      );
    const width = found.length / sample.rows;
    const wanted = job.classes?.length ?? 1;
    if (width !== wanted)
      return refuse(
        `its ${file} gives ${width} scores a row, and the task needs ${wanted}${wanted === 2 ? "; of two classes make a bool label, for two columns are read as one probability" : ""}.`,
      );
    for (let place = 0; place < found.length; place += 1) {
      const [said, saved] = [scores[place] as number, found[place] as number];
      if (Math.abs(said - saved) <= tolerance * Math.max(1, Math.abs(said))) continue;
      return refuse(
        `its ${file} is another model than the one it measured: of row ${Math.floor(place / width) + 1} of the sample the script says ${said}, and the file ${saved}. Save the model that gave the scores, or raise \`tolerance\` (${tolerance}).`,
      );
    }
  } finally {
    predictor.close();
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SlipwayError("CANCELLED", "The training was cancelled.");
}
