// Lets this process import TypeScript: types are stripped file by file as modules load, nothing is written to disk, and error
// positions are those of the source. Loading this file with `node --import` does it for a script.

import { register } from "node:module";

// Run from its own TypeScript source, something that loads TypeScript is already in place.
if (import.meta.url.endsWith(".js")) {
  process.setSourceMapsEnabled(true);
  register("./typescript-hook.js", import.meta.url, { data: { home: import.meta.url } });
}
