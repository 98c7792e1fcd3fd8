# Reads run events, one a line, into the classes that OpenLineage's Python client is made of: a field that a facet does not have, or lacks, is an error.

import json
import sys
import uuid
from datetime import datetime
from importlib import import_module

import attr
from openlineage.client.generated import base

GENERATED = "openlineage.client.generated."
FACETS = {
    "schema": ("schema_dataset", "SchemaDatasetFacet"),
    "dataSource": ("datasource_dataset", "DatasourceDatasetFacet"),
    "version": ("dataset_version_dataset", "DatasetVersionDatasetFacet"),
    "columnLineage": ("column_lineage_dataset", "ColumnLineageDatasetFacet"),
    "inputStatistics": ("input_statistics_input_dataset", "InputStatisticsInputDatasetFacet"),
    "outputStatistics": ("output_statistics_output_dataset", "OutputStatisticsOutputDatasetFacet"),
    "jobType": ("job_type_job", "JobTypeJobFacet"),
    "documentation": ("documentation_job", "DocumentationJobFacet"),
    "sourceCodeLocation": ("source_code_location_job", "SourceCodeLocationJobFacet"),
    "parent": ("parent_run", "ParentRunFacet"),
    "errorMessage": ("error_message_run", "ErrorMessageRunFacet"),
    "processing_engine": ("processing_engine_run", "ProcessingEngineRunFacet"),
}
NESTED = {
    "SchemaDatasetFacet": {"fields": "SchemaDatasetFacetFields"},
    "ParentRunFacet": {"run": "Run", "job": "Job"},
    "ColumnLineageDatasetFacet": {"fields": {"*": "Fields"}},
    "Fields": {"inputFields": "InputField"},
    "InputField": {"transformations": "Transformation"},
    "DataQualityMetricsInputDatasetFacet": {"columnMetrics": {"*": "ColumnMetrics"}},
    "DataQualityMetricsDatasetFacet": {"columnMetrics": {"*": "ColumnMetrics"}},
}
seen = set()


def build(module, name, value):
    cls = getattr(module, name)
    given = dict(value)
    for field, inner in NESTED.get(name, {}).items():
        if field not in given:
            continue
        if isinstance(inner, dict):
            given[field] = {key: build(module, inner["*"], item) for key, item in given[field].items()}
        elif isinstance(given[field], list):
            given[field] = [build(module, inner, item) for item in given[field]]
        else:
            given[field] = build(module, inner, given[field])
    own = {key: given.pop(key) for key in ("_producer", "_schemaURL") if key in given}
    made = cls(**given)
    if own:
        assert own["_schemaURL"] == made._get_schema(), (name, own["_schemaURL"], made._get_schema())
        assert own["_producer"].startswith("https://")
    required = {f.name for f in attr.fields(cls) if f.default is attr.NOTHING and f.init and not f.name.startswith("_")}
    assert required <= given.keys(), (name, required - given.keys())
    seen.add(name)
    return made


def facets(values, quality=None):
    made = {}
    for key, value in values.items():
        module, name = FACETS[key] if key in FACETS else quality
        made[key] = build(import_module(GENERATED + module), name, value)
    return made


states = {}
for line in open(sys.argv[1], encoding="utf8"):
    event = json.loads(line)
    assert datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).tzinfo is not None
    assert event["schemaURL"] == base.RunEvent._get_schema()
    assert event["producer"].startswith("https://")
    uuid.UUID(event["run"]["runId"])
    run = base.Run(runId=event["run"]["runId"], facets=facets(event["run"]["facets"]))
    job = base.Job(namespace=event["job"]["namespace"], name=event["job"]["name"], facets=facets(event["job"]["facets"]))
    of_output = ("data_quality_metrics_dataset", "DataQualityMetricsDatasetFacet")
    of_input = ("data_quality_metrics_input_dataset", "DataQualityMetricsInputDatasetFacet")
    inputs = [
        base.InputDataset(
            namespace=d["namespace"],
            name=d["name"],
            facets=facets(d["facets"]),
            inputFacets=facets(d["inputFacets"], of_input),
        )
        for d in event["inputs"]
    ]
    outputs = [
        base.OutputDataset(
            namespace=d["namespace"],
            name=d["name"],
            facets=facets(d["facets"], of_output),
            outputFacets=facets(d["outputFacets"]),
        )
        for d in event["outputs"]
    ]
    base.RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=run,
        job=job,
        eventType=base.EventType(event["eventType"]) if hasattr(base, "EventType") else event["eventType"],
        inputs=inputs,
        outputs=outputs,
    )
    states.setdefault((event["job"]["name"], event["run"]["runId"]), []).append(event["eventType"])

for key, found in states.items():
    assert found[0] == "START" and len(found) == 2 and found[1] in ("COMPLETE", "FAIL", "ABORT"), (key, found)
print(json.dumps({"jobs": sorted({name for name, _ in states}), "facets": sorted(seen)}))
