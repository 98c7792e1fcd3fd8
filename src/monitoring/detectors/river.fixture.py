"""Records what river's detectors say of made-up streams: python river.fixture.py > river.fixture.json"""

import json

import river
from river import drift


def stream(seed, parts):
    """Numbers from a linear congruential generator, so that every language makes the same ones."""
    state = seed
    values = []
    for count, low, high in parts:
        for _ in range(count):
            state = (state * 1664525 + 1013904223) % 2**32
            values.append(low + (high - low) * (state / 2**32))
    return values


STREAMS = {
    "steady": (1, [(3000, 0, 1)]),
    "jump": (2, [(1000, 0, 1), (1000, 0.5, 1.5), (1000, 0, 1)]),
    "small jump": (3, [(2000, 0, 1), (2000, 0.1, 1.1)]),
    "steps": (4, [(300, k, k + 2) for k in range(8)]),
    "errors": (5, [(1500, 0, 0.3), (700, 0, 4), (900, -2, 0)]),
    "constant": (6, [(600, 2, 2), (600, 3, 3)]),
}

ADWIN = [{}, {"delta": 0.1, "clock": 1}, {"delta": 0.01, "clock": 10, "max_buckets": 3, "min_window_length": 20, "grace_period": 50}]
PAGE_HINKLEY = [{}, {"threshold": 5, "delta": 0.01}, {"threshold": 8, "mode": "up", "alpha": 0.99}, {"threshold": 8, "mode": "down", "min_instances": 5}]


def adwin(values, options):
    detector = drift.ADWIN(**options)
    found, windows = [], []
    for place, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            found.append(place)
        if place % 250 == 249:
            windows.append([detector.width, detector.estimation, detector.variance])
    return {"options": options, "detected": found, "windows": windows}


def page_hinkley(values, options):
    detector = drift.PageHinkley(**options)
    found = []
    for place, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            found.append(place)
    return {"options": options, "detected": found}


cases = []
for name, (seed, parts) in STREAMS.items():
    values = stream(seed, parts)
    cases.append(
        {
            "name": name,
            "seed": seed,
            "parts": parts,
            "adwin": [adwin(values, options) for options in ADWIN],
            "pageHinkley": [page_hinkley(values, options) for options in PAGE_HINKLEY],
        }
    )
print(json.dumps({"river": river.__version__, "cases": cases}))
