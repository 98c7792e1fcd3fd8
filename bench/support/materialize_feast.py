"""Feast's side of materialize.ts: the same rows and newest values, its DuckDB offline store and its SQLite online store.

Usage: materialize_feast.py WORK FOLDER STATE REST, where the work is `apply`, `materialize` or `read` (REST: how many keys)
"""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

os.environ["FEAST_USAGE"] = "False"

from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.repo_config import RepoConfig
from feast.types import Float64, Int64, String
from feast.value_type import ValueType

work, folder, state, rest = (sys.argv[1:] + [""])[:4]
names = {**{f"f{i}": Float64 for i in range(4)}, **{f"n{i}": Int64 for i in range(3)}, **{f"s{i}": String for i in range(3)}}
store = FeatureStore(
    config=RepoConfig(
        project="bench",
        provider="local",
        registry=f"{state}/registry.db",
        offline_store={"type": "duckdb"},
        online_store={"type": "sqlite", "path": f"{state}/online.db"},
        entity_key_serialization_version=3,
    )
)
if work == "apply":
    key = Entity(name="k", join_keys=["k"], value_type=ValueType.INT64)
    view = FeatureView(
        name="newest",
        entities=[key],
        ttl=timedelta(days=3650),
        schema=[Field(name=name, dtype=dtype) for name, dtype in names.items()],
        source=FileSource(name="rows", path=f"{folder}/rows.parquet", timestamp_field="e"),
    )
    store.apply([key, view])
elif work == "materialize":
    start = datetime(2023, 12, 1, tzinfo=timezone.utc)
    store.materialize(start, datetime(2024, 3, 1, tzinfo=timezone.utc))
else:
    keys = [{"k": k} for k in range(int(rest))]
    found = store.get_online_features([f"newest:{name}" for name in names], keys).to_dict()
    print(json.dumps([{name: found[name][row] for name in names} for row in range(len(keys))]))
