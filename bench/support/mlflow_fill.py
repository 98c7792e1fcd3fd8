# Puts runs into MLflow's own database, through its own tables, before its server starts: over HTTP ten thousand take it minutes.
# Arguments: database URI, artifact root, number of runs. Prints the experiment's id and the runs' ids as JSON.

import json, sys, uuid
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric, SqlParam, SqlRun, SqlTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

uri, root, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = SqlAlchemyStore(uri, root)
experiment = store.create_experiment("filled")
ids = [uuid.uuid4().hex for _ in range(count)]
with store.ManagedSessionMaker() as session:
    for start in range(0, count, 1000):
        rows = []
        for place, run_id in list(enumerate(ids))[start : start + 1000]:
            at = place + 1
            value = float((at * 7919) % 1000)
            rows.append(SqlRun(run_uuid=run_id, name=f"run-{at}", experiment_id=int(experiment), user_id="bench", status="RUNNING",
                               start_time=1_700_000_000_000 + at, lifecycle_stage="active", source_type="UNKNOWN", source_name="",
                               entry_point_name="", source_version="", artifact_uri=f"{root}/{experiment}/{run_id}/artifacts"))
            rows.append(SqlMetric(run_uuid=run_id, key="acc", value=value, timestamp=1, step=0, is_nan=False))
            rows.append(SqlLatestMetric(run_uuid=run_id, key="acc", value=value, timestamp=1, step=0, is_nan=False))
            rows.append(SqlParam(run_uuid=run_id, key="depth", value=str(at % 10)))
            rows.append(SqlTag(run_uuid=run_id, key="team", value="risk" if at % 2 == 0 else "growth"))
            rows.append(SqlTag(run_uuid=run_id, key="mlflow.runName", value=f"run-{at}"))
        session.add_all(rows)
        session.flush()
print(json.dumps({"experiment": experiment, "runs": ids}))
