import type { FastifyRequest } from "fastify";
import type { Access, Action, Permission, Thing } from "../../platform/platform.ts";

/** What a request wants of one thing. */
export interface Wanted {
  readonly thing: Thing;
  readonly permission: Permission;
  /** What is asked about when the thing is not there. */
  readonly otherwise?: Thing;
  /** Refuse also when the thing is not there; else the handler says so. */
  readonly mustExist?: boolean;
  /** What the role must allow besides. */
  readonly action?: Action;
}

/** What it takes to be answered on a route. */
export interface Rule {
  /** What the request does; any one of them will do. None: anyone may, signed in or not. */
  readonly actions: readonly Action[];
  /** The things it changes, read from the request as its handler reads them; what it throws is the answer. */
  readonly wants?: (request: FastifyRequest, access: Access) => Promise<readonly Wanted[]> | readonly Wanted[];
}

/** What it takes to move or remove an alias: for one that servers follow the right to approve, for any other that one may change the model. */
export async function wantedOfAlias(access: Access, model: string, alias: string): Promise<readonly Wanted[]> {
  const thing: Thing = { kind: "model", id: model };
  if (await access.isProtected(model, alias)) return [{ thing, permission: "read", action: "approve" }];
  return [{ thing, permission: "edit" }];
}
