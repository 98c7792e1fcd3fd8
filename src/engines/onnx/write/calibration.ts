// What corrects a version's probabilities, as operators over the scores: the arithmetic of core/calibration.ts.

import type { Calibration, MonotoneStep } from "../../../core/core.ts";
import type { GraphWriter, Tensor } from "./graph.ts";

/** Where core/calibration.ts holds log-odds. */
const MOST_LOG_ODDS = 17;

/** Corrected scores of shape (rows, outputs), float32 as the scores are. */
export function writtenCalibration(graph: GraphWriter, calibration: Calibration, scores: Tensor): Tensor {
  const outputs = calibration.steps.length;
  const given = graph.cast(scores, "double");
  const answered =
    calibration.kind === "platt"
      ? logistic(graph, calibration.steps, given)
      : graph.op(
          "Concat",
          calibration.steps.map((step, place) =>
            interpolated(graph, step, graph.op("Gather", [given, graph.int64([place])], { axis: 1 })),
          ),
          { axis: 1 },
        );
  return graph.cast(outputs === 1 ? answered : shares(graph, answered, outputs), "float");
}

function logistic(
  graph: GraphWriter,
  steps: readonly { readonly slope: number; readonly intercept: number }[],
  scores: Tensor,
): Tensor {
  const odds = graph.op("Log", [graph.op("Div", [scores, graph.op("Sub", [graph.double([1]), scores])])]);
  const held = graph.op("Clip", [odds, graph.double([-MOST_LOG_ODDS], []), graph.double([MOST_LOG_ODDS], [])]);
  const shape = [1, steps.length];
  const slopes = graph.double(
    steps.map(({ slope }) => slope),
    shape,
  );
  const intercepts = graph.double(
    steps.map(({ intercept }) => intercept),
    shape,
  );
  return graph.op("Sigmoid", [graph.op("Add", [graph.op("Mul", [held, slopes]), intercepts])]);
}

/** Straight lines between points, level beyond them. */
function interpolated(graph: GraphWriter, { scores, probabilities }: MonotoneStep, given: Tensor): Tensor {
  const last = scores.length - 1;
  if (last === 0) return graph.op("Add", [graph.op("Mul", [given, graph.double([0])]), graph.double(probabilities)]);
  const held = graph.op("Clip", [given, graph.double(scores.slice(0, 1), []), graph.double(scores.slice(last), [])]);
  // How many of the inner points have been reached is the line that a score lies on; of two points there is one line.
  const inner = scores.slice(1, last);
  const line =
    inner.length === 0
      ? graph.cast(graph.op("Mul", [held, graph.double([0])]), "int64")
      : graph.op(
          "ReduceSum",
          [
            graph.cast(graph.op("GreaterOrEqual", [held, graph.double(inner, [1, inner.length])]), "int64"),
            graph.int64([1]),
          ],
          { keepdims: 1 },
        );
  const at = (values: readonly number[]): Tensor => graph.op("Gather", [graph.double(values), line], { axis: 0 });
  const [x0, x1] = [at(scores.slice(0, last)), at(scores.slice(1))];
  const [y0, y1] = [at(probabilities.slice(0, last)), at(probabilities.slice(1))];
  const rise = graph.op("Mul", [graph.op("Sub", [y1, y0]), graph.op("Sub", [held, x0])]);
  return graph.op("Add", [y0, graph.op("Div", [rise, graph.op("Sub", [x1, x0])])]);
}

/** Each row's values as shares of their sum; equal ones where that is 0. */
function shares(graph: GraphWriter, answered: Tensor, outputs: number): Tensor {
  const sum = graph.op("ReduceSum", [answered, graph.int64([1])], { keepdims: 1 });
  const divided = graph.op("Div", [answered, sum]);
  return graph.op("Where", [graph.op("Greater", [sum, graph.double([0])]), divided, graph.double([1 / outputs])]);
}
