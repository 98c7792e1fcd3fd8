// The thread that loads one model and ends: started by loading.ts with what is to be loaded.

import { parentPort, workerData } from "node:worker_threads";
import { asSlipwayError } from "../../core/core.ts";
import { type FromLoading, type LoadTask, loadHere } from "./loading.ts";

function load(): FromLoading {
  try {
    return loadHere(workerData as LoadTask);
  } catch (thrown) {
    const { code, message } = asSlipwayError(thrown);
    return { code, message };
  }
}

parentPort?.postMessage(load());
