// What a command may touch of the process it runs in; tests give their own.

/** A place to write text. `isTTY` says that a person is watching. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Characters in a line, where it is a terminal. */
  readonly columns?: number | undefined;
}

/** The process around a command. */
export interface Host {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Options that every command takes. */
export interface GlobalOptions {
  /** The folder of slipway.config.ts. */
  readonly project?: string;
  /** Where records, the online store and artifacts live. */
  readonly state?: string;
  /** How much memory queries may use. */
  readonly memory?: string;
  readonly json?: boolean;
}
