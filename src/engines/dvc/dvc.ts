// DVC 3's formats: pointer files, lists of folders, and stores of objects by MD5. The program itself is not needed: what it wrote is read here, and what
// is written here is what `dvc add` and `dvc push` would have written.

import type { DataVersioning } from "../../ports/data-versioning.ts";
import { addFolder, requireStore } from "./add.ts";
import { openPointer } from "./checkout.ts";

/** DVC's way of keeping data. */
export function dvc(): DataVersioning {
  return {
    name: "dvc",
    isPointer: (path) => path.endsWith(".dvc"),
    open: openPointer,
    requireStore,
    add: addFolder,
  };
}
