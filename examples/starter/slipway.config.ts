import { project } from "slipway";
import * as definitions from "./definitions.ts";

export default project({ name: "late_deliveries", definitions });
