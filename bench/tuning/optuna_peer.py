"""Optuna behind the ask-tell protocol of docs/tuning.md: JSON lines on stdin and stdout. Usage: python optuna-peer.py tpe|gp|cmaes|random"""
import json
import sys
import warnings

import optuna

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def sampler(name, seed):
    if name == "gp":
        return optuna.samplers.GPSampler(seed=seed)
    if name == "cmaes":
        return optuna.samplers.CmaEsSampler(seed=seed)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed)


def suggest(trial, space):
    params = {}
    for name, spec in space.items():
        if not all(parent in params and params[parent] in values for parent, values in spec.get("when", {}).items()):
            continue
        kind = spec["kind"]
        if kind == "bool":
            params[name] = trial.suggest_categorical(name, [False, True])
        elif kind == "categorical":
            params[name] = trial.suggest_categorical(name, spec["choices"])
        elif kind == "int":
            log, step = spec.get("log", False), spec.get("step", 1)
            params[name] = trial.suggest_int(name, spec["low"], spec["high"], log=log, step=step)
        else:
            log, step = spec.get("log", False), spec.get("step")
            params[name] = trial.suggest_float(name, spec["low"], spec["high"], log=log, step=step)
    return params


def main():
    study, space, trials = None, {}, {}
    for line in sys.stdin:
        command = json.loads(line)
        cmd = command["cmd"]
        if cmd == "create":
            space, trials = command["space"], {}
            study = optuna.create_study(
                direction=command.get("direction", "minimize"), sampler=sampler(sys.argv[1], command["seed"])
            )
            reply = {"ok": True}
        elif cmd == "ask":
            trial = study.ask()
            trials[trial.number] = trial
            reply = {"id": trial.number, "params": suggest(trial, space)}
        elif cmd == "tell":
            study.tell(trials[command["id"]], command["value"])
            reply = {"ok": True}
        else:
            break
        print(json.dumps(reply), flush=True)


main()
