import { randomFillSync } from "node:crypto";
import type { RandomBytes } from "../../core/core.ts";

/** Random bytes from the operating system. */
export const randomBytes: RandomBytes = (count) => randomFillSync(new Uint8Array(count));
