// The part of the description about versions, aliases and approvals.

import type { Json } from "./schemas.ts";

const text: Json = { type: "string" };
const whole: Json = { type: "integer" };
const reason: Json = { type: "string", minLength: 1, maxLength: 2000, description: "For the audit trail." };
const content = (schema: Json): Json => ({ "application/json": { schema } });
const object = (properties: Json, required: readonly string[] = Object.keys(properties)): Json => ({
  type: "object",
  properties,
  required,
});
const refused = (description: string): Json => ({
  description,
  content: content({ $ref: "#/components/schemas/Error" }),
});
const inPath = (name: string, schema: Json = text): Json => ({ name, in: "path", required: true, schema });

const gates: Json = { type: "array", items: object({ gate: text, passed: { type: "boolean" } }) };
const given: Json = {
  type: "array",
  items: object({ at: { type: "string", format: "date-time" }, by: text, role: text, reason: text }),
};
const change = object(
  {
    at: { type: "string", format: "date-time" },
    actor: text,
    action: { enum: ["alias.moved", "alias.rolled_back"] },
    from: { type: ["integer", "null"] },
    to: whole,
    reason: text,
    decision: text,
    gates,
    approvals: { type: "array", items: text },
    forced: { type: "array", items: text, description: "What was open when it was moved all the same." },
  },
  ["at", "actor", "action", "from", "to", "reason"],
);

const canary: Json = {
  anyOf: [
    object({
      version: whole,
      weight: {
        type: "number",
        minimum: 0,
        maximum: 100,
        description: "How many of a hundred predictions it answers.",
      },
    }),
    { type: "null" },
  ],
};
const shadow: Json = { type: ["integer", "null"], description: "Asked the same, and never heard." };
const side = object({ canary, shadow });
const standingRoute = object({
  model: text,
  champion: { type: ["integer", "null"] },
  canary,
  shadow,
  revision: { ...whole, description: "One more with every move." },
  movedAt: { type: ["string", "null"], format: "date-time" },
  moves: {
    type: "array",
    description: "The newest moves, newest first.",
    items: object({
      at: { type: "string", format: "date-time" },
      actor: text,
      from: side,
      to: side,
      reason: text,
      revision: whole,
    }),
  },
});

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly parameters: readonly Json[];
  readonly body?: Json;
  readonly answer: Json;
}

function operation({ id, summary, parameters, body, answer }: Operation): Json {
  return {
    operationId: id,
    tags: ["promotion"],
    summary,
    parameters,
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses: {
      200: { description: "Done.", content: content(answer) },
      400: refused("The request is not valid; the message names what is wrong."),
      403: refused("Whoever signed in may not do this."),
      404: refused("There is no such model or version."),
      409: refused("A gate or an approval is missing, or the alias was moved meanwhile."),
    },
  };
}

const ofModel = [inPath("model")];
const ofAlias = [...ofModel, inPath("alias")];
const ofVersion = [...ofModel, inPath("version", whole)];
const approvals = object({ approvals: given });

/** Paths of promotions. */
export const promotionPaths: Json = {
  "/api/v1/models/{model}/aliases": {
    get: operation({
      id: "listAliases",
      summary: "Every alias of a model, with the version it names.",
      parameters: ofModel,
      answer: object({
        aliases: {
          type: "array",
          items: object({ alias: text, version: whole, movedAt: { type: "string", format: "date-time" } }),
        },
      }),
    }),
  },
  "/api/v1/models/{model}/aliases/{alias}": {
    get: operation({
      id: "aliasHistory",
      summary: "Every move of an alias, newest first.",
      parameters: ofAlias,
      answer: object({ history: { type: "array", items: change } }),
    }),
    post: operation({
      id: "moveAlias",
      summary: "Moves an alias to a version that has earned it.",
      parameters: ofAlias,
      body: object(
        {
          version: whole,
          reason,
          expect: { type: ["integer", "null"], description: "Move it only if it names this version now; null: none." },
          force: { type: "boolean", description: "Move it although gates or approvals are open." },
        },
        ["version", "reason"],
      ),
      answer: object({ model: text, alias: text, version: whole, from: { type: ["integer", "null"] } }),
    }),
  },
  "/api/v1/models/{model}/aliases/{alias}/rollback": {
    post: operation({
      id: "rollbackAlias",
      summary: "Moves an alias back to the version before.",
      parameters: ofAlias,
      body: object({ reason }),
      answer: object({
        model: text,
        alias: text,
        version: whole,
        from: { type: ["integer", "null"] },
        promoted: { anyOf: [change, { type: "null" }] },
      }),
    }),
  },
  "/api/v1/models/{model}/route": {
    get: operation({
      id: "modelRoute",
      summary: "Who answers beside the champion, and the newest moves of it.",
      parameters: ofModel,
      answer: standingRoute,
    }),
    post: operation({
      id: "moveRoute",
      summary: "Lets a canary answer a share of the predictions, changes the share, or ends it.",
      parameters: ofModel,
      body: object(
        {
          canary: { ...canary, description: "null ends it; left out it stays." },
          shadow: { type: ["integer", "null"], description: "null ends it; left out it stays." },
          reason,
          expect: { ...whole, description: "Move it only if this is its revision now." },
        },
        ["reason"],
      ),
      answer: standingRoute,
    }),
  },
  "/api/v1/models/{model}/versions/{version}/gates": {
    get: operation({
      id: "versionGates",
      summary: "What a version still needs before an alias may name it.",
      parameters: [...ofVersion, { name: "alias", in: "query", required: false, schema: text }],
      answer: object({
        alias: text,
        gates,
        open: { type: "array", items: text },
        approvals: object({ needed: whole, by: text, given }),
      }),
    }),
  },
  "/api/v1/models/{model}/versions/{version}/approvals": {
    post: operation({
      id: "approveVersion",
      summary: "Approves a version, as whoever signed in.",
      parameters: ofVersion,
      body: object({ reason }),
      answer: approvals,
    }),
    delete: operation({
      id: "withdrawApproval",
      summary: "Takes one's approval back.",
      parameters: ofVersion,
      body: object({ reason }),
      answer: approvals,
    }),
  },
};
