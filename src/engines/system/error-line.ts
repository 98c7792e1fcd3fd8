/** Writes a line where a process says what is going on. */
export function errorLine(line: string): void {
  process.stderr.write(`${line}\n`);
}
