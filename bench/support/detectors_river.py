# River's side of detectors.ts: COUNT. The time is that of the bare loop over a list.
import json
import sys
import time

from river import drift

count = int(sys.argv[1])
state = 7
values = []
for place in range(count):
    state = (state * 1664525 + 1013904223) % 2**32
    values.append(state / 2**32 + (place // 10_000 % 2) / 2)

told = {}
for name, detector in {"adwin": drift.ADWIN(), "pageHinkley": drift.PageHinkley()}.items():
    found = 0
    start = time.process_time()
    for value in values:
        detector.update(value)
        if detector.drift_detected:
            found += 1
    told[name] = {"seconds": time.process_time() - start, "found": found}
print(json.dumps(told))
