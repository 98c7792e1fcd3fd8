import { getRun, listRuns, SlipwayRunId } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
