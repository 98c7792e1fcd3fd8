// One issue of Jira Cloud for an incident, by its REST API v3: created with the first notice, commented on with the next, closed with the last. The
// issue has the incident's id as a label. A process that was killed between creating and writing down what it created finds it again by that;
// Jira's search may lag behind by seconds to minutes, which is less than what was begun is left alone for.

import { minutes } from "../../core/core.ts";
import type { JiraVia } from "../../define/define.ts";
import type { Notice, NoticeOutcome } from "../../ports/notifier.ts";
import type { Outbound, OutboundAnswer } from "../../ports/outbound.ts";
import { outcomeOf } from "./answer.ts";
import { factsOf, titleOf } from "./text.ts";
import type { Values } from "./values.ts";

type Ask = (method: "GET" | "POST", path: string, body?: object) => Promise<OutboundAnswer>;
type Found = { readonly key: string } | { readonly failed: NoticeOutcome } | undefined;

/** Tells a notice; `reference` is the issue's key, where it is known. */
export async function tellJira(
  notice: Notice,
  via: JiraVia,
  values: Values,
  outbound: Outbound,
  reference: string | undefined,
): Promise<NoticeOutcome> {
  const credentials = Buffer.from(`${values.of(via.user)}:${values.of(via.token)}`).toString("base64");
  const ask: Ask = (method, path, body) =>
    outbound.call({
      method,
      url: `${via.site}/rest/api/3/${path}`,
      headers: {
        accept: "application/json",
        authorization: `Basic ${credentials}`,
        "user-agent": "slipway",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? "" : JSON.stringify(body),
    });
  if (notice.change === "test") return outcomeOf(await ask("GET", `project/${via.project}`), wordsOf);
  const known: Found = reference === undefined ? await search(ask, via, notice) : { key: reference };
  if (known === undefined) return hasNews(notice) ? create(ask, via, notice) : { kind: "delivered" };
  if ("failed" in known) return known.failed;
  const { key } = known;
  // Nobody wrote down that it was made: whoever made it was killed right after, and the issue says this already.
  if (reference === undefined && notice.change === "opened") return { kind: "delivered", reference: key };
  const isOver = notice.change === "resolved" && notice.incident.unresolved === 0;
  const isBack = notice.change === "reopened";
  // Moving twice is as good as once, a second comment is not: so the comment comes last.
  const moved = isOver || isBack ? await move(ask, key, isOver) : undefined;
  if (moved?.kind === "failed" && !moved.isFinal) return moved;
  const commented = outcomeOf(await ask("POST", `issue/${key}/comment`, { body: documentOf(notice) }), wordsOf);
  if (commented.kind === "failed") return commented;
  return moved?.kind === "failed" ? moved : { kind: "delivered", reference: key };
}

/** Whether a notice is worth an issue where there is none; that something is over is not. */
function hasNews({ change }: Notice): boolean {
  return change === "opened" || change === "reopened" || change === "escalated" || change === "reminded";
}

const labelOf = ({ incident }: Notice): string => `slipway-${incident.id}`;

async function search(ask: Ask, { project }: JiraVia, notice: Notice): Promise<Found> {
  const jql = `project = "${project}" AND labels = "${labelOf(notice)}" ORDER BY created ASC`;
  const answer = await ask("POST", "search/jql", { jql, fields: ["key"], maxResults: 1 });
  const outcome = outcomeOf(answer, wordsOf);
  if (outcome.kind === "failed") return { failed: outcome };
  const { issues = [] } = (parsed(answer.body) ?? {}) as { readonly issues?: readonly { readonly key?: unknown }[] };
  return keyOf(issues[0]);
}

async function create(ask: Ask, { project, issueType }: JiraVia, notice: Notice): Promise<NoticeOutcome> {
  const fields = {
    project: { key: project },
    issuetype: { name: issueType },
    summary: titleOf({ ...notice, change: "opened" }).replace(/: opened$/, ""),
    description: documentOf(notice),
    labels: ["slipway", labelOf(notice)],
  };
  let answer: OutboundAnswer;
  try {
    answer = await ask("POST", "issue", { fields });
  } catch (thrown) {
    // It may have been made all the same, and a search finds it only by and by.
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    return { kind: "failed", problem, isFinal: false, retryAfter: minutes(3) };
  }
  const outcome = outcomeOf(answer, wordsOf);
  if (outcome.kind === "failed") return outcome;
  const made = keyOf(parsed(answer.body));
  if (made) return { kind: "delivered", reference: made.key };
  return { kind: "failed", problem: "answered without the issue's key", isFinal: false, retryAfter: minutes(3) };
}

/** Moves an issue to a status of the category that is wanted, by the first transition there is; where it is there already, nothing is to be done. */
async function move(ask: Ask, key: string, isOver: boolean): Promise<NoticeOutcome | undefined> {
  const answer = await ask("GET", `issue/${key}/transitions`);
  const outcome = outcomeOf(answer, wordsOf);
  if (outcome.kind === "failed") return outcome;
  const { transitions = [] } = (parsed(answer.body) ?? {}) as {
    readonly transitions?: readonly {
      readonly id: string;
      readonly to?: { readonly statusCategory?: { readonly key?: string } };
    }[];
  };
  const wanted = transitions.find(({ to }) => (to?.statusCategory?.key === "done") === isOver);
  if (wanted === undefined) return undefined;
  return outcomeOf(await ask("POST", `issue/${key}/transitions`, { transition: { id: wanted.id } }), wordsOf);
}

/** A notice in the Atlassian Document Format: text nodes alone, in which nothing is markup. */
function documentOf(notice: Notice): object {
  const paragraph = (...content: readonly object[]) => ({ type: "paragraph", content });
  const text = (words: string, isStrong = false) => ({
    type: "text",
    text: words === "" ? "–" : words,
    ...(isStrong ? { marks: [{ type: "strong" }] } : {}),
  });
  return {
    type: "doc",
    version: 1,
    content: [
      paragraph(text(titleOf(notice), true)),
      ...factsOf(notice).map(([name, value]) => paragraph(text(`${name}: `, true), text(value))),
      paragraph(text(`${notice.at} · ${notice.id}`)),
    ],
  };
}

function keyOf(value: unknown): { readonly key: string } | undefined {
  const key = (value as { readonly key?: unknown } | undefined)?.key;
  // It becomes part of an address.
  return typeof key === "string" && /^[A-Z][A-Z0-9_]*-\d+$/.test(key) ? { key } : undefined;
}

function wordsOf(body: string): string {
  const { errorMessages = [], errors = {} } = (parsed(body) ?? {}) as {
    readonly errorMessages?: readonly string[];
    readonly errors?: Readonly<Record<string, string>>;
  };
  return [...errorMessages, ...Object.entries(errors).map(([field, words]) => `${field}: ${words}`)].join("; ");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
