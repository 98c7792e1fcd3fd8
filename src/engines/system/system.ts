// The door of the system engine: the computer's time, its randomness and its processes. What is told apart by an argument everywhere
// else (which clock, which random bytes, which process) gets its real value here.

export { offsetClock, systemClock } from "./clock.ts";
export { errorLine } from "./error-line.ts";
export { processCommand, processUse, thisMachine } from "./machine.ts";
export { guardedOutbound, type OutboundOptions } from "./outbound.ts";
export { systemPause } from "./pause.ts";
export { type FileLocks, type MarkedProcess, markedProcess } from "./process.ts";
export { randomBytes } from "./random.ts";
export { replayClock } from "./replay-clock.ts";
export { systemScheduler } from "./scheduler.ts";
