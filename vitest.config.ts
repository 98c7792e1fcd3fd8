import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { noPostgres } from "./src/engines/postgres/server.fixture.ts";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const settings = {
  // Tests start databases, child processes and native libraries: two workers keep two cores busy and no more.
  pool: "forks",
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const;

/** What keeps records runs once on SQLite and once more on Postgres. */
const ON_POSTGRES = [
  "src/records/**",
  "src/registry/**",
  "src/access/**",
  "src/server/access/**",
  "src/server/mlflow/**",
  "src/retraining/**",
  "src/serving/**",
  "src/platform/**",
];

/** Whole journeys that do the same. */
const JOURNEYS_ON_POSTGRES = ["test/journeys/study-lease.test.ts"];

if (noPostgres !== undefined) console.warn(`Suites of records run on SQLite alone (${noPostgres}).`);

export default defineConfig({
  resolve: {
    alias: [
      { find: /^slipway$/, replacement: source("./src/index.ts") },
      { find: /^slipway\/(\w+)$/, replacement: source("./src/$1/$1.ts") },
    ],
  },
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          ...settings,
          name: "slipway",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
          provide: { recordsUrl: "" },
          typecheck: {
            // Projects do not hear this option, which is what a quick look at one file is run with.
            enabled: !process.argv.includes("--typecheck.enabled=false"),
            include: ["src/**/*.test-d.ts", "test/**/*.test-d.ts"],
            tsconfig: "./tsconfig.json",
          },
        },
      },
      ...(noPostgres === undefined
        ? [
            {
              extends: true as const,
              test: {
                ...settings,
                name: "on Postgres",
                include: [...ON_POSTGRES.map((folder) => `${folder}/*.test.ts`), ...JOURNEYS_ON_POSTGRES],
                globalSetup: "./test/postgres-records.ts",
              },
            },
          ]
        : []),
    ],
  },
});
