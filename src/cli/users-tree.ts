// The verbs about users, as data: who there is and what each may do.

import type { NounSpec } from "./command-spec.ts";

/** `slipway users`, in the order of its help. */
export const users: NounSpec = {
  name: "users",
  summary: "say who may use the server, and what for",
  commands: [
    {
      name: "add",
      summary: "add a person or a program, and show the key once",
      about:
        "The first user is an admin, and from then on the server asks everybody for a key. Roles: viewer reads; service reads features, predicts and pushes; editor also makes experiments, runs and versions; approver also approves and promotes; admin does everything.",
      arguments: [["<name>", "the user's name"]],
      options: [["--role <role>", "viewer, service, editor, approver or admin", "viewer"]],
      examples: ["slipway users add ana --role admin", "slipway users add checkout-service --role service"],
      load: () => import("./commands/users-add.ts"),
    },
    {
      name: "list",
      summary: "list the users",
      examples: ["slipway users list"],
      load: () => import("./commands/users-list.ts"),
    },
    {
      name: "role",
      summary: "give a user another role",
      arguments: [
        ["<name>", "the user's name"],
        ["<role>", "viewer, service, editor, approver or admin"],
      ],
      examples: ["slipway users role ana approver"],
      load: () => import("./commands/users-role.ts"),
    },
    {
      name: "key",
      summary: "give a user a new key; the one before stops to work",
      arguments: [["<name>", "the user's name"]],
      examples: ["slipway users key ana"],
      load: () => import("./commands/users-key.ts"),
    },
    {
      name: "grant",
      summary: "say what a user may do with an experiment or a model that someone else made",
      arguments: [
        ["<name>", "the user's name"],
        ["<kind>", "experiment or model"],
        ["<id>", "the experiment's id or the model's name"],
        ["<permission>", "none, read, edit, manage, or default to take it back"],
      ],
      examples: [
        "slipway users grant bob experiment 1386403200000000 edit",
        "slipway users grant bob model churn none",
      ],
      load: () => import("./commands/users-grant.ts"),
    },
    {
      name: "default",
      summary: "show or say what everybody may do with other people's experiments and models",
      about:
        "Where nothing was granted: none, so that lists, searches and answers show everybody their own things alone; read, as it is at first; or edit. Admins see everything.",
      arguments: [["[permission]", "none, read or edit; without it the present one is shown"]],
      examples: ["slipway users default none", "slipway users default"],
      load: () => import("./commands/users-default.ts"),
    },
    {
      name: "remove",
      summary: "remove a user; what was made stays",
      arguments: [["<name>", "the user's name"]],
      examples: ["slipway users remove bob"],
      load: () => import("./commands/users-remove.ts"),
    },
  ],
};
