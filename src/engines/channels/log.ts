import type { Notice, NoticeOutcome } from "../../ports/notifier.ts";
import { titleOf } from "./text.ts";

/** A notice as a line of JSON. */
export function logNotice(notice: Notice, write: (line: string) => void): NoticeOutcome {
  write(JSON.stringify({ event: "alert", message: titleOf(notice), ...notice }));
  return { kind: "delivered" };
}
