// The artifact proxy: files go through the server in streams, never whole in memory, in either direction.

import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import { tracking } from "../../platform/platform.ts";
import { JSON_TYPE } from "../refusal.ts";
import { field, listOf, read } from "./fields.ts";
import { notImplemented } from "./refusals.ts";
import { compact } from "./shapes.ts";

const TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  gif: "image/gif",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  md: "text/markdown",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain",
  yaml: "text/plain",
  yml: "text/plain",
};

/** Sends a file, or the part of it that a Range header asks for. */
export async function sendArtifact(
  context: tracking.TrackingContext,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
): Promise<FastifyReply> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const whole = await tracking.openArtifact(context, path);
  const range = rangeOf(request.headers.range, whole.size);
  if (range === "unsatisfiable") return reply.code(416).header("content-range", `bytes */${whole.size}`).send();
  let { chunks } = whole;
  let length = whole.size;
  if (range) {
    ({ chunks } = await tracking.openArtifact(context, path, range));
    length = range.end - range.start + 1;
    reply.code(206).header("content-range", `bytes ${range.start}-${range.end}/${whole.size}`);
  }
  return (
    reply
      .type(TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream")
      .header("content-length", length)
      .header("accept-ranges", "bytes")
      .header("etag", `"${whole.hash}"`)
      // Encoded, so that no character of a name can end the header.
      .header("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
      .send(Readable.from(chunks, { objectMode: false, highWaterMark: 2 ** 18 }))
  );
}

function rangeOf(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (from === undefined) return undefined;
  const start = Number(from);
  const end = to ? Math.min(Number(to), size - 1) : size - 1;
  return start > end ? "unsatisfiable" : { start, end };
}

interface ByPath {
  Params: { readonly "*": string };
}

const UNSUPPORTED = "Multipart upload is not supported for the current artifact repository";

/** Routes of the proxy, under a prefix. They take bodies of any type as they are. */
export function artifactProxy(
  context: tracking.TrackingContext,
  prefix: string,
): (app: FastifyInstance) => Promise<void> {
  const base = `${prefix}/mlflow-artifacts`;
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    const pathOf = (request: FastifyRequest): string => (request.params as ByPath["Params"])["*"];

    app.put<ByPath>(`${base}/artifacts/*`, async (request, reply) => {
      await tracking.putArtifact(context, pathOf(request), bodyOf(request));
      return reply.type(JSON_TYPE).send("{}");
    });
    app.get<ByPath>(`${base}/artifacts/*`, (request, reply) => sendArtifact(context, request, reply, pathOf(request)));
    app.delete<ByPath>(`${base}/artifacts/*`, async (request, reply) => {
      await tracking.deleteArtifacts(context, pathOf(request));
      return reply.type(JSON_TYPE).send("{}");
    });
    app.get(`${base}/artifacts`, async (request) => {
      const { path } = read(z.object({ path: field.textOr }), request.query);
      const files = await tracking.listArtifacts(context, (path ?? "").replace(/\/+$/, ""));
      return compact({
        files: files.map((file) => ({
          path: file.path,
          is_dir: file.isFolder,
          ...(file.isFolder ? {} : { file_size: file.size }),
        })),
      });
    });

    app.post<ByPath>(`${base}/mpu/create/*`, async (request, reply) => {
      const asked = read(z.object({ path: field.name, num_parts: field.whole }), await jsonOf(request));
      const { host } = request.headers;
      if (host === undefined) return notImplemented(reply, UNSUPPORTED);
      const upload = await tracking.beginUpload(context, fileIn(pathOf(request), asked.path), asked.num_parts);
      const root = `${request.protocol}://${host}${base}/mpu/part/${upload}`;
      return {
        upload_id: upload,
        credentials: Array.from({ length: asked.num_parts }, (_, index) => ({
          url: `${root}/${index + 1}`,
          part_number: index + 1,
        })),
      };
    });
    app.put<{ Params: { readonly upload: string } }>(`${base}/mpu/part/:upload/:part`, async (request, reply) => {
      const tag = await tracking.putPart(context, request.params.upload, bodyOf(request));
      return reply.header("etag", tag).type(JSON_TYPE).send("{}");
    });
    app.post<ByPath>(`${base}/mpu/complete/*`, async (request) => {
      const asked = read(
        z.object({
          path: field.name,
          upload_id: field.name,
          parts: listOf(z.object({ part_number: field.whole, etag: field.name })),
        }),
        await jsonOf(request),
      );
      const parts = [...asked.parts].sort((a, b) => a.part_number - b.part_number);
      const isWhole = parts.every(({ part_number }, index) => part_number === index + 1);
      if (!isWhole || parts.length === 0)
        throw new SlipwayError("INPUT_INVALID", "The parts must be numbered 1, 2, 3, … without gaps.");
      await tracking.completeUpload(
        context,
        asked.upload_id,
        fileIn(pathOf(request), asked.path),
        parts.map(({ etag }) => etag.replaceAll('"', "")),
      );
      return {};
    });
    app.post<ByPath>(`${base}/mpu/abort/*`, async (request) => {
      await tracking.abortUpload(context, read(z.object({ upload_id: field.name }), await jsonOf(request)).upload_id);
      return {};
    });
    app.get(`${base}/presigned/*`, async (_, reply) =>
      notImplemented(reply, "Presigned URLs are not supported for the current artifact repository"),
    );
  };
}

/** An upload in parts names the folder in the URL, and the client's own file in the body. */
function fileIn(folder: string, file: string): string {
  return `${folder.replace(/\/+$/, "")}/${file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1)}`;
}

function bodyOf(request: FastifyRequest): AsyncIterable<Uint8Array> {
  // A request without a body, such as an empty file, is not given to the parser.
  return (request.body ?? request.raw) as AsyncIterable<Uint8Array>;
}

const MOST_JSON = 4 * 1024 * 1024;

async function jsonOf(request: FastifyRequest): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyOf(request)) {
    size += chunk.length;
    if (size > MOST_JSON) throw new SlipwayError("INPUT_INVALID", "The body is too large.");
    parts.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new SlipwayError("INPUT_INVALID", "The body is not JSON.");
  }
}
