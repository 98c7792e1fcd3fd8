// A small Feast repository with what real ones have: definitions over several modules, constants, renamed columns, keys of two parts, sources of
// other kinds, on-demand views that are plain and that are not, and code that must never run.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The repository's files by name. */
export const feastRepoFiles: Readonly<Record<string, string>> = {
  "feature_store.yaml": `
project: rides  # the name
registry: data/registry.db
provider: local
online_store: { type: sqlite, path: data/online.db }
`,
  "shared/entities.py": `
from feast import Entity, ValueType
import os
os.system("touch EXECUTED")
open("EXECUTED", "w").write("this must not happen")

driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64, description='A driver\\'s "id" */',
                tags={"team": "rides", "a=b": "refused"}, owner="rides@example.com")
pickup = Entity(name="pickup", join_keys=["from_zone"])
dropoff = Entity(name="dropoff", join_keys=["to_zone"], value_type=ValueType.STRING)
`,
  "features.py": `
"""Feature views."""
from datetime import timedelta
import pandas as pd
from feast import BigQuerySource, FeatureService, FeatureView, Field, FileSource, KafkaSource, PushSource, RequestSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.stream_feature_view import stream_feature_view
from feast.types import Array, Float32, Float64, Int64, Map, String
from shared.entities import driver, pickup, dropoff

ROOT = "data/"
WEEK: timedelta = timedelta(weeks=1, minutes=30)
trips = FileSource(name="TripStats", path=ROOT + "trips.parquet", timestamp_field="happened", created_timestamp_column="created",
                   field_mapping={"fare_usd": "fare"}, description="Trips " "of drivers")

driver_stats = FeatureView(
    name="driver_stats", entities=[driver], ttl=WEEK, source=trips, online=True, owner="ann", tags={"tier": "1"},
    schema=[
        Field(name="driver_id", dtype=Int64),
        Field(name="fare", dtype=Float32, description="In dollars", tags={"unit": "usd"}),
        Field(name="seats", dtype=Int64),
        Field(name="Rating", dtype=Float64),
        Field(name="labels", dtype=Array(String)),
        Field(name="extra", dtype=Map),
        Field(name="gone", dtype=Int64),
    ],
)
zone_stats = FeatureView(name="ZoneStats", entities=[pickup, dropoff], ttl=timedelta(0),
                         source=FileSource(path="data/zones.parquet", timestamp_field="at"))
pushed = FeatureView(name="pushed", entities=[driver], ttl=None, schema=[Field(name="seats", dtype=Int64)],
                     source=PushSource(name="trip_push", batch_source=trips))
absent = FeatureView(name="absent", entities=[driver], ttl=timedelta(days=2), schema=[Field(name="x", dtype=Float64), Field(name="m", dtype=Map)],
                     source=FileSource(name="absent_rows", path="nowhere.parquet", timestamp_field="at"))
warehouse = FeatureView(name="warehouse", entities=[driver], source=BigQuerySource(table="a.b.c", timestamp_field="at"))
remote = FeatureView(name="remote", entities=[driver], source=FileSource(path="s3://bucket/rows.parquet", timestamp_field="at"))
nobody = FeatureView(name="nobody", entities=[], source=trips)
computed = FeatureView(name="computed", entities=[driver], source=FileSource(path=f"data/{ROOT}.parquet", timestamp_field="at"))
cut = LabelView(name="labels_of_drivers", entities=[driver])

asked = RequestSource(name="asked", schema=[Field(name="distance", dtype=Float64), Field(name="rain", dtype=Int64), Field(name="unused", dtype=Int64)])

@on_demand_feature_view(
    sources=[driver_stats[["fare", "seats"]], asked],
    schema=[Field(name=n, dtype=d) for n, d in []],
)
def comprehension(inputs):
    df = pd.DataFrame()
    df["q"] = inputs["fare"]
    return df

@on_demand_feature_view(
    sources=[driver_stats, asked],
    schema=[
        Field(name="fare_per_km", dtype=Float64), Field(name="is_far", dtype=Bool), Field(name="wet_and_far", dtype=Bool),
        Field(name="twice", dtype=Float64), Field(name="odd", dtype=Float64), Field(name="clipped", dtype=Float64), Field(name="less", dtype=Int64),
        Field(name="half", dtype=Float64), Field(name="wrong", dtype=String),
    ],
)
def trip_ratios(inputs: pd.DataFrame) -> pd.DataFrame:
    """Ratios."""
    df = pd.DataFrame()
    far = inputs["distance"] > 8.5
    df["fare_per_km"] = inputs["fare"] / (inputs["distance"] + 1)
    df["is_far"] = far
    df["wet_and_far"] = far & (inputs["rain"] == 1)
    df["twice"] = df["fare_per_km"] * 2  # again
    df["odd"] = np.where(far, 1, 0)
    df["clipped"] = inputs["fare"].clip(0, 1)
    df["less"] = 10 - inputs["seats"]
    df["half"] = inputs["seats"] * 0.5
    df["wrong"] = inputs["seats"] + 1
    return df

@on_demand_feature_view(sources=[driver_stats], schema=[Field(name="loop", dtype=Int64)])
def looping(inputs):
    df = pd.DataFrame()
    for name in inputs:
        df["loop"] = inputs[name]
    return df

@on_demand_feature_view(sources=[driver_stats], schema=[Field(name="p", dtype=Int64)], mode="python")
def in_python(inputs):
    return {"p": inputs["seats"]}

@stream_feature_view(entities=[driver], source=KafkaSource(name="k"), mode="spark")
def streamed(df):
    return df

model_v1 = FeatureService(name="model_v1", features=[driver_stats[["fare"]], zone_stats, trip_ratios, warehouse], description="First model")
`,
  "broken.py": "x = FeatureView(name='never closed'\n\ndef (:\n",
  ".venv/lib/hidden.py": "from feast import FeatureView\nhidden = FeatureView(name='hidden')\n",
};

/** Writes the repository into a folder. */
export function writeFeastRepo(folder: string): void {
  for (const [file, text] of Object.entries(feastRepoFiles)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}
