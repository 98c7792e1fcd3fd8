// Slipway's side of batch-predict.ts: one batch prediction in a process of its own. Arguments: the project's folder, the rows, what to write.

import { batchPredict, openPlatform } from "slipway/platform";
import { batchOptions } from "./batch-project.ts";

const [folder = "", input = "", output = ""] = process.argv.slice(2);
const platform = await openPlatform(batchOptions(folder));
const { manifest } = await batchPredict(platform, { version: "late@1", input, output });
await platform.close();
process.stdout.write(JSON.stringify({ rows: manifest.rows }));
