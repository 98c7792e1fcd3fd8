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
