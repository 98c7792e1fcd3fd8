"""Feast's side of as-of.ts: the same rows, sources and views through get_historical_features of one of its offline stores.

Usage: as_of_feast.py FOLDER SHAPE OUT ROWS STORE
"""

import os
import sys
import tempfile
from datetime import timedelta

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.repo_config import RegistryConfig, RepoConfig
from feast.types import Float64
from feast.value_type import ValueType

folder, shape, out, rows, kind = sys.argv[1:6]
os.environ["FEAST_USAGE"] = "False"
with tempfile.TemporaryDirectory() as state:
    store = FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=RegistryConfig(path=f"{state}/registry.db"),
            offline_store={"type": kind},
            online_store={"type": "sqlite", "path": f"{state}/online.db"},
            entity_key_serialization_version=3,
        )
    )
    key = Entity(name="k", join_keys=["k"], value_type=ValueType.INT64)
    views = [
        FeatureView(
            name=f"v{v}",
            entities=[key],
            ttl=timedelta(days=3650),
            schema=[Field(name=f"v{v}_f{f}", dtype=Float64) for f in range(10)],
            source=FileSource(
                name=f"s{v}",
                path=f"{folder}/{shape}-{v}.parquet",
                timestamp_field="e",
                field_mapping={f"f{f}": f"v{v}_f{f}" for f in range(10)},
            ),
        )
        for v in range(3)
    ]
    store.apply([key, *views])
    asking = pd.read_parquet(f"{folder}/{shape}-asking-{rows}.parquet")
    asking = asking.rename(columns={"t": "event_timestamp"})
    asking["event_timestamp"] = asking["event_timestamp"].dt.tz_localize("UTC")
    features = [f"v{v}:v{v}_f{f}" for v in range(3) for f in range(10)]
    table = store.get_historical_features(entity_df=asking, features=features).to_arrow()
    import pyarrow.parquet as pq

    pq.write_table(table, out, compression="zstd")
    print(table.num_rows)
