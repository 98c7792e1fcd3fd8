// What a model may not do is read off its own bytes before the library sees them: name files outside itself, and use operators that come
// with no ONNX Runtime. Field numbers are those of onnx.proto (IR version 13).

import { SlipwayError } from "../../core/core.ts";
import { wireFields } from "./wire.ts";

/** Operators that ONNX Runtime itself brings; any other domain would have to be loaded as a library. */
const DOMAINS: ReadonlySet<string> = new Set(["", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"]);

const DEEPEST = 24;
const MOST_NODES = 1_000_000;
const EXTERNAL = 1;

interface Walk {
  readonly domains: Set<string>;
  nodes: number;
}

const text = new TextDecoder();

/** Refuses, as ARTIFACT_CORRUPT, a model that is no protobuf, has no graph, keeps data in other files, or needs operators of its own. */
export function checkModel(model: Uint8Array): void {
  const walk: Walk = { domains: new Set(), nodes: 0 };
  const own = new Set<string>();
  let graphs = 0;
  try {
    for (const { number, content } of wireFields(model)) {
      if (number === 7) {
        graphs += 1;
        checkGraph(content, walk, 0);
      } else if (number === 20) throw refused("carries training graphs");
      else if (number === 25) {
        checkFunction(content, walk);
        for (const field of wireFields(content)) if (field.number === 10) own.add(text.decode(field.content));
      }
    }
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw notAModel(model.length, thrown.message);
    throw thrown;
  }
  if (graphs !== 1)
    throw notAModel(model.length, graphs === 0 ? "there is no graph in it" : "there are several graphs");
  for (const domain of walk.domains)
    if (!DOMAINS.has(domain) && !own.has(domain))
      throw refused(
        `uses operators of "${domain.slice(0, 100)}", which ONNX Runtime does not bring; custom operators are code and are never loaded`,
      );
}

function checkGraph(graph: Uint8Array, walk: Walk, depth: number): void {
  if (depth > DEEPEST) throw new SyntaxError("graphs lie too deep in each other");
  for (const { number, content } of wireFields(graph)) {
    if (number === 1) checkNode(content, walk, depth);
    else if (number === 5) checkTensor(content);
    else if (number === 15) checkSparse(content);
  }
}

function checkFunction(definition: Uint8Array, walk: Walk): void {
  for (const { number, content } of wireFields(definition)) {
    if (number === 7) checkNode(content, walk, 1);
    else if (number === 11) checkAttribute(content, walk, 1);
  }
}

function checkNode(node: Uint8Array, walk: Walk, depth: number): void {
  walk.nodes += 1;
  if (walk.nodes > MOST_NODES) throw new SyntaxError(`there are more than ${MOST_NODES} nodes`);
  let domain = "";
  for (const { number, content } of wireFields(node)) {
    if (number === 7) domain = text.decode(content);
    else if (number === 5) checkAttribute(content, walk, depth);
  }
  walk.domains.add(domain);
}

function checkAttribute(attribute: Uint8Array, walk: Walk, depth: number): void {
  for (const { number, content } of wireFields(attribute)) {
    if (number === 5 || number === 10) checkTensor(content);
    else if (number === 6 || number === 11) checkGraph(content, walk, depth + 1);
    else if (number === 22 || number === 23) checkSparse(content);
  }
}

function checkSparse(sparse: Uint8Array): void {
  for (const { number, content } of wireFields(sparse)) if (number === 1 || number === 2) checkTensor(content);
}

function checkTensor(tensor: Uint8Array): void {
  for (const { number, value } of wireFields(tensor))
    if (number === 13 || (number === 14 && value === EXTERNAL))
      throw refused("keeps data in files beside it, which are never opened; save it with its data inside");
}

function refused(problem: string): SlipwayError {
  return new SlipwayError("ARTIFACT_CORRUPT", `This ONNX model cannot be loaded: it ${problem}.`);
}

function notAModel(size: number, reason: string): SlipwayError {
  return new SlipwayError(
    "ARTIFACT_CORRUPT",
    `These ${size} bytes are not a whole ONNX model: ${reason}. Export or fetch it again.`,
  );
}
