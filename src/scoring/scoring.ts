// The door of `scoring`: from what a caller gives to a row of the matrix, and from what a model says to the caller's answer. It reads and
// keeps nothing, and needs little: what serves one version alone starts from here.

export { type AskedRow, parseRow, rowFields, unknownField } from "./asked-row.ts";
export { calibrated, type LoadedVersion } from "./calibrated.ts";
export { cellMaker, type InputScope } from "./cells.ts";
export { type Answer, answersIn, answersOf, type ClassAnswer, type RowAnswer } from "./class-answer.ts";
export { elementsFrom, elementToJson, valueFromText } from "./elements.ts";
export { type ExplainRows, explaining, requireExplainable } from "./explaining.ts";
export { LONE_FILES, type LoneModel, loneModel, loneModelFrom, loneModelText } from "./lone-model.ts";
