// A package: one version in a folder that needs nothing but Node. The code is copied file by file as imports lead to it, not bundled: it is
// what was tested, a stack trace names its files, and it loads as fast.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoneContents } from "../../platform/platform.ts";
import { LONE_FILES, loneModelText } from "../../platform/platform.ts";
import type { RuntimeParts } from "../../presets/presets.ts";
import { ownVersion } from "../version.ts";
import { packageFiles } from "./installed-packages.ts";
import { moduleGraph } from "./module-graph.ts";
import { type NewFile, type WrittenFile, writeFolder } from "./new-folder.ts";

/** What is packaged and where to. */
export interface PackageRequest extends LoneContents {
  /** The folder; it must be empty, or not there. */
  readonly folder: string;
  readonly parts: RuntimeParts;
}

/** The modules of this package: `dist`, or `src` in a checkout. */
const CODE = fileURLToPath(new URL("../../", import.meta.url));
const SERVER = "server/packaged/packaged";

/** Writes a package. The same version, Slipway and platform give the same bytes. Throws ALREADY_EXISTS. */
export async function writePackage({ folder, lone, artifact, parts }: PackageRequest): Promise<readonly WrittenFile[]> {
  const graph = await moduleGraph(CODE, [SERVER, ...parts.modules]);
  const files: NewFile[] = [
    { name: LONE_FILES.document, content: loneModelText(lone) },
    { name: LONE_FILES.artifact, content: artifact },
    ...graph.files.map(({ name, text }) => ({ name: join("code", name), content: text })),
    ...Object.entries(parts.native).map(([name, path]) => ({ name: join("native", name), content: { copyOf: path } })),
    ...(await packageFiles(graph.packages)).map(({ name, path }) => ({ name, content: { copyOf: path } })),
    {
      name: "package.json",
      content: `${JSON.stringify({ private: true, type: "module", engines: { node: ">=20.19" } }, null, 2)}\n`,
    },
    { name: "setup.js", content: setup(parts) },
    { name: "server.js", content: SERVER_JS },
    { name: "lambda.js", content: LAMBDA_JS },
  ];
  return writeFolder(folder, files, (written) => ({
    name: "manifest.json",
    content: `${JSON.stringify(
      {
        slipway: ownVersion(),
        model: lone.model.name,
        version: lone.number,
        format: lone.format,
        artifactHash: lone.artifactHash,
        features: lone.views.length > 0 ? "request" : "none",
        platform: process.platform,
        arch: process.arch,
        files: written,
      },
      null,
      2,
    )}\n`,
  }));
}

// The lists below are programs, line by line: whatever reads this file for imports must not take theirs for its own.

function setup({ modules: [module], names, make }: RuntimeParts): string {
  return program(
    "// What this package is: its model's runtime, and where its parts are.",
    'import { randomBytes } from "node:crypto";',
    'import { fileURLToPath } from "node:url";',
    `import { ${names.join(", ")} } from "./code/${module}.js";`,
    "",
    'const folder = fileURLToPath(new URL(".", import.meta.url));',
    'const native = (name) => fileURLToPath(new URL("native/" + name, import.meta.url));',
    "",
    "export const options = {",
    "  folder,",
    `  runtime: ${make},`,
    "  env: process.env,",
    "  now: () => BigInt(Date.now()) * 1000n,",
    "  random: randomBytes,",
    `  slipway: ${JSON.stringify(ownVersion())},`,
    '  log: (line) => process.stderr.write(line + "\\n"),',
    "};",
  );
}

const SERVER_JS = program(
  "// Serves the model: over HTTP on PORT, or as an AWS Lambda runtime of its own where AWS_LAMBDA_RUNTIME_API is set.",
  `import { servePackage } from "./code/${SERVER}.js";`,
  'import { options } from "./setup.js";',
  "",
  "try {",
  "  await servePackage(options);",
  "  process.exit();",
  "} catch (thrown) {",
  '  process.stderr.write((thrown instanceof Error ? thrown.message : String(thrown)) + "\\n");',
  "  process.exit(1);",
  "}",
);

const LAMBDA_JS = program(
  "// For AWS Lambda's own Node runtimes: the handler is lambda.handler.",
  `import { packageHandler } from "./code/${SERVER}.js";`,
  'import { options } from "./setup.js";',
  "",
  "export const handler = await packageHandler(options);",
);

function program(...lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
