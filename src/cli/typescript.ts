// Lets this process import TypeScript: types are stripped file by file as modules load, stripped files are kept in the cache so that the
// next process need not load the stripper, and error positions are those of the source. Loading this file with `node --import` does it for a script.

import { register } from "node:module";
import { strippedFolder } from "./places.ts";

// Run from its own TypeScript source, something that loads TypeScript is already in place.
if (import.meta.url.endsWith(".js")) {
  process.setSourceMapsEnabled(true);
  register("./typescript-hook.js", import.meta.url, {
    data: { home: import.meta.url, cache: strippedFolder({ env: process.env, cwd: process.cwd() }) },
  });
}
