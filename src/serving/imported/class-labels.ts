import type { Tensor } from "../../ports/ports.ts";

/**
 * What XGBoost's classifiers of the scikit-learn kind make of a booster's scores (`XGBClassifier.predict`): of several classes the one with the
 * greatest score, the first of equals; of one score a row, or one for each label of several, whether it is above a half. What
 * `multi:softmax` gives is a class already.
 */
export function classLabels({ name, shape, data }: Tensor, objective: string | undefined): Tensor {
  const scores = data as Float32Array;
  const rows = shape[0] ?? 0;
  const width = shape[1] ?? 1;
  if (width > 1 && objective?.startsWith("multi:")) {
    const labels = Int32Array.from({ length: rows }, (_, row) => {
      let best = 0;
      for (let place = 1; place < width; place += 1)
        if ((scores[row * width + place] as number) > (scores[row * width + best] as number)) best = place;
      return best;
    });
    return { name, datatype: "INT32", shape: [rows], data: labels };
  }
  const isClass = objective === "multi:softmax";
  return {
    name,
    datatype: "INT32",
    shape,
    data: Int32Array.from(scores, (score) => (isClass ? score : Number(score > 0.5))),
  };
}
