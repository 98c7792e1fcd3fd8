// The door of the Python engine: a trainer that runs a script of the project and takes an ONNX or XGBoost model from it.

export { type PythonTrainerOptions, pythonTrainer } from "./trainer.ts";
