"""Optuna's samplers on functions of two goals: JSON lists of the told pairs on stdout. Usage: python optuna_goals.py tpe|nsgaii|random TRIALS SEEDS [INSIDE, MOVED, ...]

Where the best points lie is as goal-tasks.ts says."""
import json
import math
import sys
import warnings

import optuna

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
name, trials, seeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
inside, *moved = json.loads(sys.argv[4])


def spread(x):
    return 1 + 9 * sum(abs(v - inside) / max(inside, 1 - inside) for v in x[1:]) / (len(x) - 1)


def front1(x):
    g = spread(x)
    return x[0], g * (1 - math.sqrt(x[0] / g))


def front2(x):
    g = spread(x)
    return x[0], g * (1 - (x[0] / g) ** 2)


def fonseca(x):
    y = [8 * (v - by) - 4 for v, by in zip(x, moved)]
    return tuple(1 - math.exp(-sum((v + s / math.sqrt(len(y))) ** 2 for v in y)) for s in (-1, 1))


samplers = {
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "nsgaii": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=20),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}
out = {}
for label, function, size in (("zdt1", front1, 5), ("zdt2", front2, 5), ("fonseca", fonseca, 3)):
    out[label] = []
    for seed in range(seeds):
        study = optuna.create_study(directions=["minimize", "minimize"], sampler=samplers[name](seed))
        study.optimize(lambda t: function([t.suggest_float(f"x{i}", 0, 1) for i in range(size)]), n_trials=trials)
        out[label].append([trial.values for trial in study.trials])
print(json.dumps(out))
