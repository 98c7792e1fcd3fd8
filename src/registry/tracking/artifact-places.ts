// Where things keep their artifacts, as clients are told it and as paths of the server's own artifact root.

import { SlipwayError } from "../../core/core.ts";
import { checkedArtifactPath } from "./artifacts.ts";
import type { TrackingContext } from "./context.ts";

const SCHEME = "mlflow-artifacts:/";

/** An experiment's artifact root. */
export function experimentArtifacts(id: string, root: string | null): string {
  return root ?? `${SCHEME}${id}`;
}

/** A run's artifacts. */
export function runArtifacts(run: {
  readonly id: string;
  readonly experimentId: string;
  readonly artifactRoot: string | null;
}): string {
  return `${experimentArtifacts(run.experimentId, run.artifactRoot)}/${run.id}/artifacts`;
}

/** A logged model's artifacts. */
export function loggedModelArtifacts(model: {
  readonly id: string;
  readonly experimentId: string;
  readonly artifactRoot: string | null;
}): string {
  return `${experimentArtifacts(model.experimentId, model.artifactRoot)}/models/${model.id}/artifacts`;
}

/** The path below the server's own artifact root that a URI names; undefined when it lies elsewhere. INPUT_INVALID for a path that leads out. */
export function pathOfUri(uri: string): string | undefined {
  if (!uri.startsWith(SCHEME)) return undefined;
  // With a host it means another server's root, to which clients would send what they log.
  if (/^mlflow-artifacts:\/\/[^/]/.test(uri))
    throw new SlipwayError(
      "INPUT_INVALID",
      `${JSON.stringify(uri.slice(0, 200))} names a server; write ${SCHEME} and a path.`,
    );
  const path = uri.slice(SCHEME.length).replace(/^\/+/, "").replace(/\/+$/, "");
  return path === "" ? undefined : checkedArtifactPath(path);
}

/** Refuses an artifact root that no client could write to through this server, or that leads somewhere on this machine. */
export function checkedArtifactRoot(root: string): string {
  if (/[#?\\]/.test(root) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(root) || /%/.test(root))
    throw new SlipwayError("INPUT_INVALID", `Invalid artifact location: ${JSON.stringify(root)}`);
  if (pathOfUri(root) !== undefined) return root.replace(/\/+$/, "");
  throw new SlipwayError(
    "INPUT_INVALID",
    `Invalid artifact location ${JSON.stringify(root)}: give one below ${SCHEME}, or none.`,
  );
}

/** Who owns a path below the artifact root. */
export interface PathOwner {
  readonly experimentId: string;
  readonly runId?: string;
  readonly loggedModelId?: string;
}

/** The run or logged model whose artifacts a path is, by the layout of this server's own root; undefined when it is nobody's. */
export async function ownerOfPath({ records }: TrackingContext, path: string): Promise<PathOwner | undefined> {
  const [first = "", second = "", third = "", fourth = ""] = path.split("/");
  if (second === "models" && fourth === "artifacts") {
    const model = await records.db.selectFrom("logged_models").select("id").where("id", "=", third).executeTakeFirst();
    return model ? { experimentId: first, loggedModelId: third } : undefined;
  }
  if (third !== "artifacts") return undefined;
  const run = await records.db.selectFrom("runs").select("id").where("id", "=", second).executeTakeFirst();
  return run ? { experimentId: first, runId: second } : undefined;
}
