/** What is turned away of a source as a whole: where it changes though no time has passed, rows came late. */
export function lateRowColumn(): readonly string[] {
  return ["alter table quarantine_marks add column failing text"];
}
