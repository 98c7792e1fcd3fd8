import { project } from "slipway";
import { openLineage } from "slipway/presets";
import * as definitions from "./definitions.ts";

export default project({
  name: "flights",
  definitions,
  // What is made of what, for other tools. With a server: openLineage({ url: env("OPENLINEAGE_URL") }).
  lineage: openLineage({ file: ".slipway/lineage.jsonl" }),
});
