// Every request passes here first. Once there is a user, a request needs a key whose role may do what the route does, and may do it to the
// very thing it names. A route without a rule is for admins alone.

import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Instant, SlipwayError } from "../../core/core.ts";
import { type Access, mayDo, type Permission, type Person, permissions, type Thing } from "../../platform/platform.ts";
import { mlflowRule } from "../mlflow/access-rules.ts";
import { nativeRule } from "./native-rules.ts";
import type { Rule, Wanted } from "./rule.ts";
import { forbiddenTo, refuseUnlessMay, rememberingSignIn } from "./sign-in.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who has signed in; null where nobody has to. */
    person: Person | null;
  }
}

const adminsOnly: Rule = { actions: ["administer"] };

/** The rule of a route, or undefined where nobody gave it one. */
export function ruleOf(method: string, pattern: string): Rule | undefined {
  const asked = method === "HEAD" ? "GET" : method;
  return nativeRule(asked, pattern) ?? mlflowRule(asked, pattern);
}

/** Lets only those in who may, on every route that is registered afterwards. */
export function guardRoutes(app: FastifyInstance, access: Access, now: () => Instant): void {
  const who = rememberingSignIn(access, now);
  const rules = new WeakMap<object, Rule>();
  const ruleFor = ({ routeOptions }: FastifyRequest): Rule => {
    let rule = rules.get(routeOptions.config);
    if (rule === undefined) {
      const { method, url = "" } = routeOptions;
      rule = ruleOf(Array.isArray(method) ? String(method[0]) : String(method), url) ?? adminsOnly;
      rules.set(routeOptions.config, rule);
    }
    return rule;
  };
  app.decorateRequest("person", null);
  app.addHook("onRequest", async (request, reply) => {
    if (request.is404) return;
    const rule = ruleFor(request);
    if (rule.actions.length === 0) return;
    try {
      request.person = await who(request.headers.authorization);
    } catch (thrown) {
      if (thrown instanceof SlipwayError && thrown.code === "SIGN_IN_NEEDED")
        reply.header("www-authenticate", 'Basic realm="slipway", charset="UTF-8"');
      throw thrown;
    }
    refuseUnlessMay(request.person, rule.actions);
  });
  app.addHook("preHandler", async (request) => {
    const { person } = request;
    if (person === null || person.role === "admin" || request.is404) return;
    for (const wanted of (await ruleFor(request).wants?.(request, access)) ?? [])
      await refuseUnlessGiven(access, person, wanted);
  });
}

/** Refuses a person to whom what is wanted of a thing was not given. Throws FORBIDDEN. */
export async function refuseUnlessGiven(access: Access, person: Person, wanted: Wanted): Promise<void> {
  const { thing, permission, otherwise, mustExist = false, action } = wanted;
  if (action !== undefined && !mayDo(person.role, action)) throw forbiddenTo(person, [action]);
  const held =
    (await access.permissionOn(person, thing)) ?? (otherwise && (await access.permissionOn(person, otherwise)));
  if (held === undefined ? mustExist : permissions.indexOf(held) < permissions.indexOf(permission))
    throw forbiddenOn(person, thing, permission, await access.experimentOf(thing));
}

function forbiddenOn(
  { name }: Person,
  { kind, id }: Thing,
  permission: Permission,
  around: string | undefined,
): SlipwayError {
  if (kind === "everything")
    return new SlipwayError(
      "FORBIDDEN",
      `${name} may not see what everybody made, which this shows. Ask an admin, or ask for one thing.`,
    );
  const given =
    kind === "model"
      ? `model ${id.slice(0, 200)}`
      : `experiment ${around ?? (kind === "experiment" ? id.slice(0, 200) : "ID")}`;
  return new SlipwayError(
    "FORBIDDEN",
    `${name} may not ${permission} ${kind === "contents" ? "all of experiment" : kind} ${JSON.stringify(id.slice(0, 200))}, which belongs to someone else. An admin gives it: slipway users grant ${name} ${given} ${permission}.`,
  );
}
