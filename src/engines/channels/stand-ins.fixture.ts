// Stand-ins for services, each as strict as its documents: what the real one would refuse, they refuse in the same words. One server with a path each.

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that a stand-in took or refused. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly body: Body;
}

/** What requests hold, as far as it is looked at; nothing of it is sure to be there. */
interface Body {
  readonly text?: unknown;
  readonly blocks?: readonly Block[];
  readonly type?: unknown;
  readonly attachments?: readonly { readonly contentType?: unknown; readonly content?: Card }[];
  readonly fields?: Fields;
  readonly jql?: string;
  readonly body?: Document;
  readonly transition?: { readonly id?: string };
}

interface Text {
  readonly type?: unknown;
  readonly text?: string;
}

interface Block {
  readonly type?: unknown;
  readonly text?: Text;
  readonly elements?: readonly Text[];
}

interface Card {
  readonly type?: unknown;
  readonly body?: readonly { readonly type?: unknown; readonly inlines?: readonly Text[] }[];
}

interface Document {
  readonly type?: unknown;
  readonly version?: unknown;
  readonly content?: readonly { readonly type?: unknown; readonly content?: readonly Text[] }[];
}

interface Fields {
  readonly project?: { readonly key?: string };
  readonly issuetype?: { readonly name?: string };
  readonly summary?: string;
  readonly description?: Document;
  readonly labels?: readonly string[];
}

/** An issue of the stand-in for Jira. */
export interface StandInIssue {
  readonly key: string;
  readonly fields: Fields;
  readonly comments: Document[];
  status: "new" | "done";
}

/** What answers a request. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts them. `next` answers the next request in their place. */
export async function standIns() {
  const seen: Seen[] = [];
  const issues: StandInIssue[] = [];
  const queued: Answer[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const one: Seen = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      text,
      body: text === "" ? {} : (JSON.parse(text) as Body),
    };
    seen.push(one);
    const { status, body, headers = {} } = queued.shift() ?? answerTo(one, issues);
    const isText = typeof body === "string";
    response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json", ...headers });
    response.end(body === undefined ? "" : isText ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    issues,
    next: (...answers: readonly Answer[]) => void queued.push(...answers),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function answerTo(request: Seen, issues: StandInIssue[]): Answer {
  if (request.path.startsWith("/services/")) return slack(request);
  if (request.path.startsWith("/workflows/")) return teams(request);
  if (request.path.startsWith("/rest/api/3/")) return jira(request, issues);
  return { status: 200 };
}

/** https://docs.slack.dev/reference/block-kit/blocks: what each block takes. */
function slack({ headers, body }: Seen): Answer {
  const isPlain = (text: Text | undefined, most: number): boolean =>
    text?.type === "plain_text" && typeof text.text === "string" && text.text.length > 0 && text.text.length <= most;
  const isBlock = ({ type, text, elements = [] }: Block): boolean => {
    if (type === "header") return isPlain(text, 150);
    if (type === "section") return isPlain(text, 3000);
    return type === "context" && elements.length <= 10 && elements.every((each) => isPlain(each, 3000));
  };
  const { text, blocks = [] } = body;
  if (headers["content-type"] !== "application/json" || typeof text !== "string")
    return { status: 400, body: "invalid_payload" };
  if (!(blocks.length <= 50 && blocks.every(isBlock))) return { status: 400, body: "invalid_blocks" };
  return { status: 200, body: "ok" };
}

/** A message with one Adaptive Card, of the elements that 1.4 has, in 28 kB. */
function teams({ text, body }: Seen): Answer {
  const [attachment] = body.attachments ?? [];
  const card = attachment?.content;
  const isCard =
    body.type === "message" &&
    attachment?.contentType === "application/vnd.microsoft.card.adaptive" &&
    card?.type === "AdaptiveCard" &&
    card.body?.every(
      ({ type, inlines }) =>
        type === "RichTextBlock" && inlines?.every((run) => run.type === "TextRun" && typeof run.text === "string"),
    );
  if (!isCard) return { status: 400, body: { error: { code: "InvalidBotMessage" } } };
  return Buffer.byteLength(text) > 28_000 ? { status: 413 } : { status: 202 };
}

/** https://developer.atlassian.com/cloud/jira/platform/rest/v3: issues, comments, transitions, search. */
function jira({ method, path, headers, body }: Seen, issues: StandInIssue[]): Answer {
  if (headers.authorization !== `Basic ${Buffer.from("bot@example.com:jira-token").toString("base64")}`)
    return { status: 401, body: { errorMessages: ["You are not authenticated."], errors: {} } };
  const call = `${method} ${path.slice("/rest/api/3/".length)}`;
  if (call === "GET project/OPS") return { status: 200, body: { key: "OPS" } };
  if (call === "POST issue") return newIssue(body.fields ?? {}, issues);
  if (call === "POST search/jql") {
    const [, label] = /^project = "OPS" AND labels = "([\w-]+)" ORDER BY created ASC$/.exec(body.jql ?? "") ?? [];
    if (label === undefined) return { status: 400, body: { errorMessages: ["Error in the JQL Query"], errors: {} } };
    return {
      status: 200,
      body: { issues: issues.filter(({ fields }) => fields.labels?.includes(label)), isLast: true },
    };
  }
  const [, key, what] = / issue\/(OPS-\d+)\/(comment|transitions)$/.exec(call) ?? [];
  const issue = issues.find((each) => each.key === key);
  if (!issue) return { status: 404, body: { errorMessages: ["Issue does not exist"], errors: {} } };
  if (what === "comment") {
    if (!isDocument(body.body)) return wrong({ comment: "is not valid" });
    issue.comments.push(body.body ?? {});
    return { status: 201, body: { id: "1" } };
  }
  if (method === "GET") {
    const to = issue.status === "new" ? "done" : "new";
    return { status: 200, body: { transitions: [{ id: `to-${to}`, name: to, to: { statusCategory: { key: to } } }] } };
  }
  issue.status = body.transition?.id === "to-done" ? "done" : "new";
  return { status: 204 };
}

const wrong = (errors: object): Answer => ({ status: 400, body: { errorMessages: [], errors } });

function newIssue(fields: Fields, issues: StandInIssue[]): Answer {
  const { project, issuetype, summary = "", description, labels = [] } = fields;
  if (project?.key !== "OPS") return wrong({ project: "valid project is required" });
  if (issuetype?.name !== "Bug") return wrong({ issuetype: "Specify a valid issue type" });
  if (summary === "" || summary.length > 255 || /[\r\n]/.test(summary)) return wrong({ summary: "is invalid" });
  if (labels.some((label) => label.includes(" "))) return wrong({ labels: "can't contain spaces" });
  if (!isDocument(description)) return wrong({ description: "Operation value must be an Atlassian Document" });
  const key = `OPS-${issues.length + 1}`;
  issues.push({ key, fields, comments: [], status: "new" });
  return { status: 201, body: { id: String(issues.length), key, self: "" } };
}

/** The Atlassian Document Format, as far as paragraphs go; text must not be empty. */
function isDocument(value: Document | undefined): boolean {
  const isText = ({ type, text = "" }: Text): boolean => type === "text" && text.length > 0;
  return (
    value?.type === "doc" &&
    value.version === 1 &&
    (value.content ?? []).every(({ type, content }) => type === "paragraph" && content?.every(isText))
  );
}
