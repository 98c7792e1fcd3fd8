# Python's side of batch-predict.ts: read with pyarrow, predict in place, write with pyarrow, part by part as a careful script does. Arguments: the
# rows, the model's file, what to write, threads, rows at a time. Prints one JSON document.
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost as xgb

rows_file, model_file, out_file, threads, part = sys.argv[1:]
booster = xgb.Booster(model_file=model_file)
booster.set_param({"nthread": int(threads)})
source = pq.ParquetFile(rows_file)
names = [name for name in source.schema_arrow.names if name.startswith("x")]
writer, total = None, 0
for batch in source.iter_batches(int(part)):
    matrix = np.column_stack([batch.column(batch.schema.get_field_index(name)).to_numpy() for name in names])
    scores = booster.inplace_predict(matrix, validate_features=False)
    table = pa.Table.from_batches([batch]).append_column("score", pa.array(scores))
    if writer is None:
        writer = pq.ParquetWriter(out_file, table.schema, compression="zstd")
    writer.write_table(table)
    total += table.num_rows
writer.close()
print(json.dumps({"rows": total}))
