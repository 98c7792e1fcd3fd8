// Predicts a whole source or file: how far it is and how long it takes yet is told while it runs; what was written, at the end.

import { resolve } from "node:path";
import { parseInstant, SlipwayError } from "../../core/core.ts";
import { type BatchProgress, batchPredict } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { wholeNumber } from "../words.ts";

interface PredictWords {
  readonly output?: string;
  readonly input?: string;
  readonly source?: string;
  readonly at?: string;
  readonly partRows: string;
  readonly withInputs?: boolean;
  readonly restart?: boolean;
}

/** `slipway predict <version>` */
export async function run(context: CommandContext, options: PredictWords, version: string): Promise<void> {
  const { host, output, progress, signal } = context;
  if (options.output === undefined)
    throw new SlipwayError(
      "USAGE",
      `Say where to write them: slipway predict ${version} --output scores.parquet, or --output scores/ for parts.`,
    );
  const target = resolve(host.cwd, options.output);
  const begun = performance.now();
  await withPlatform(context, async (platform) => {
    const { manifest, wasThere } = await progress.step(`Predicting with ${version}`, () =>
      batchPredict(platform, {
        version,
        output: target,
        ...(options.input === undefined ? {} : { input: resolve(host.cwd, options.input) }),
        ...(options.source === undefined ? {} : { source: options.source }),
        ...(options.at === undefined ? {} : { at: parseInstant(options.at) }),
        partRows: wholeNumber("--part-rows", options.partRows, 1, 100_000_000),
        withInputs: options.withInputs === true,
        restart: options.restart === true,
        signal,
        onProgress: (far) => progress.note(howFar(far, (performance.now() - begun) / 1e3)),
      }),
    );
    const { rows, parts, model, version: number } = manifest;
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    output.show({ output: target, wasThere, ...manifest }, [
      wasThere
        ? `${target} holds these predictions already; nothing was done.`
        : `${rows} rows by ${model}@${number} in ${parts.length} file${parts.length === 1 ? "" : "s"}, ${(bytes / 1e6).toFixed(1)} MB: ${target}`,
    ]);
  });
}

function howFar({ rows, total, before }: BatchProgress, seconds: number): string {
  const rate = (rows - before) / Math.max(seconds, 0.001);
  const left = rate > 0 ? `, ${duration((total - rows) / rate)} left` : "";
  const went = before > 0 ? ` (${before} of them before)` : "";
  return `${rows} of ${total} rows${went}, ${Math.round(rate)} a second${left}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
