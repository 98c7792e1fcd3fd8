// The door of the files engine: blobs and append-only logs in local folders, with the file system's own guarantees and no server.

export { type AppendLogOptions, fileAppendLog } from "./append-log.ts";
export { fileBlobs } from "./blobs.ts";
export { fileEventLog } from "./event-log.ts";
