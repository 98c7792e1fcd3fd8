import type { Instant } from "../core/core.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import type { OnlineView } from "./online-view.ts";

/** About how many source rows a view's first materialisation up to `to` reads. */
export async function countRows(offline: OfflineEngine, { spec }: OnlineView, to: Instant): Promise<number> {
  const { dialect } = offline;
  const { eventTime } = spec.source;
  const event = `s.${dialect.identifier(eventTime ?? "")}`;
  const limits = eventTime === undefined ? "" : ` WHERE ${event} <= make_timestamp(${to})`;
  for await (const table of offline.stream(`SELECT count(*)::BIGINT AS n FROM ${dialect.scan(spec.source)} s${limits}`))
    return Number(table.columns[0]?.values[0] ?? 0);
  return 0;
}
