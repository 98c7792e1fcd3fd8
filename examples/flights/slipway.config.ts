import { project } from "slipway";
import * as definitions from "./definitions.ts";

export default project({ name: "flights", definitions });
