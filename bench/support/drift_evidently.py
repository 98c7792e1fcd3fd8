"""Evidently's default drift report of two Parquet files: what it costs from the files on, its own imports left out."""

import json
import resource
import sys
import time

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

start, cpu = time.perf_counter(), time.process_time()
reference = pd.read_parquet(sys.argv[1])
current = pd.read_parquet(sys.argv[2])
report = Report([DataDriftPreset()]).run(reference_data=reference, current_data=current)
result = report.dict()
print(
    json.dumps(
        {
            "seconds": time.perf_counter() - start,
            "cpuSeconds": time.process_time() - cpu,
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "columns": len(reference.columns),
            "metrics": len(result["metrics"]),
        }
    )
)
