// The verbs about alerts, as data: what monitors found, and what somebody says to it.

import type { NounSpec } from "./command-spec.ts";

const ALERT: readonly [string, string] = ["<alert>", "its id, or the end of it"];
const NOTE: readonly [string, string] = ["--note <text>", "why, for those who read it later"];

/** `slipway alerts`, in the order of its help. */
export const alertsNoun: NounSpec = {
  name: "alerts",
  summary: "see what monitors found, and say who is at it or that it is over",
  commands: [
    {
      name: "list",
      summary: "list the alerts, newest first",
      options: [
        ["--status <status>", "open, acknowledged, resolved or all", "open"],
        ["--model <name>", "only this model's"],
        ["--monitor <name>", "only this monitor's"],
        ["--from <severity>", "info, warning or critical: this and worse"],
        ["--limit <number>", "how many", "100"],
      ],
      examples: ["slipway alerts list", "slipway alerts list --status all --from critical --json"],
      load: () => import("./commands/alerts-list.ts"),
    },
    {
      name: "show",
      summary: "show an alert: its evidence, what became of it, and what else happened then",
      arguments: [ALERT],
      examples: ["slipway alerts show 2b7c5d8e6a10"],
      load: () => import("./commands/alerts-show.ts"),
    },
    {
      name: "ack",
      summary: "say that somebody is at it",
      about:
        "An acknowledged alert sets off no retraining and reminds nobody. It is open again when a monitor still finds it after the cool-down, or finds it worse.",
      arguments: [ALERT],
      options: [NOTE],
      examples: ['slipway alerts ack 2b7c5d8e6a10 --note "the feed of weather is late; Ana calls them"'],
      load: () => import("./commands/alerts-ack.ts"),
    },
    {
      name: "resolve",
      summary: "say that it is over",
      about:
        "Found again within the cool-down, with the same version, it is reopened; later it is a new alert. With the last of its alerts an incident is over.",
      arguments: [ALERT],
      options: [NOTE],
      examples: ['slipway alerts resolve 2b7c5d8e6a10 --note "the feed is back"'],
      load: () => import("./commands/alerts-resolve.ts"),
    },
    {
      name: "comment",
      summary: "say something about it",
      arguments: [ALERT, ["<text>", "what is said"]],
      examples: ['slipway alerts comment 2b7c5d8e6a10 "only JFK, since noon"'],
      load: () => import("./commands/alerts-comment.ts"),
    },
    {
      name: "deliveries",
      summary: "list what channels were told, are still to be told, and could not be told",
      options: [
        ["--status <status>", "waiting, delivered, dead or all", "all"],
        ["--channel <name>", "only this channel's"],
        ["--limit <number>", "how many", "100"],
      ],
      examples: ["slipway alerts deliveries --status dead"],
      load: () => import("./commands/alerts-deliveries.ts"),
    },
    {
      name: "deliver",
      summary: "tell channels what is due, now",
      about:
        "A running server does so by itself, and so does slipway monitor run. Several may at once: each is told by one.",
      examples: ["slipway alerts deliver"],
      load: () => import("./commands/alerts-deliver.ts"),
    },
    {
      name: "retry",
      summary: "have a delivery tried again from the start",
      arguments: [["<delivery>", "its id, or the end of it; dead for every one that is dead"]],
      examples: ["slipway alerts retry 9f412b7c5d8e", "slipway alerts retry dead"],
      load: () => import("./commands/alerts-retry.ts"),
    },
    {
      name: "test-channel",
      summary: "tell an example on a channel, to see whether it arrives",
      about: "Ends with 69 when it does not, and says why. Of Jira it only looks for the project: no issue is made.",
      arguments: [["<channel>", "the channel's name"]],
      examples: ["slipway alerts test-channel night"],
      load: () => import("./commands/alerts-test-channel.ts"),
    },
  ],
};
