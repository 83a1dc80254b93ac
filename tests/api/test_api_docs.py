"""The committed OpenAPI document and docs/http.md are what the service does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from api_service import fill_photos, serving, settings_for
from curl import curl
from curl import examples as examples_of
from pydantic import TypeAdapter

from api.jobs import examples as job_examples
from api.jobs import requests as job_requests
from api.jobs import schemas as job_schemas
from api.managing import examples as managing_examples
from api.managing import requests as managing_requests
from api.managing import schemas as managing_schemas
from api.settings import ApiSettings
from api.wire import examples, openapi, requests, schemas
from indexer.pipeline import index
from indexer.sources.open import open_source
from retrieval.workspace import Workspace

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = json.loads(openapi.document())
GUIDE = examples_of(DOCS / "http.md")
VARYING = {
    "timings", "created_at", "started_at", "finished_at", "version", "encoder_id", "disk_bytes", "memory_bytes",
    "request_id", "next_cursor", "generation", "rate", "eta_s", "seconds", "images_per_second", "size_bytes", "at",
}  # fmt: skip
SNAPSHOT = managing_examples.SNAPSHOT["id"]
IDS = {"{collection}": "photos", "{job}": "1", "{evaluation}": "1", "{alias}": "current", "{snapshot}": SNAPSHOT}
OPERATIONS = [(path, method, operation) for path, of in DOCUMENT["paths"].items() for method, operation in of.items()]


def test_the_committed_document_is_the_present_one():
    committed = (DOCS / "openapi.json").read_text(encoding="utf-8")
    assert committed == openapi.document(), (
        "the API has changed: run `python -m api.wire.openapi` and commit the result"
    )


NOT_JSON = ("image/webp", "image/*", "application/x-tar", "text/event-stream", "text/html", "text/plain")


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_route_documents_its_errors_and_examples(path, method, operation):
    failures = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
    assert "500" in failures
    assert "{collection}" not in path or "404" in failures
    for answer in failures.values():
        content = answer["content"]["application/json"]
        assert content["schema"] == {"$ref": "#/components/schemas/ErrorResponse"}
        schemas.ErrorResponse.model_validate(content["example"])
    assert operation["summary"]
    assert operation["description"]
    answers = [
        answer["content"] for status, answer in operation["responses"].items() if status in ("200", "201", "202")
    ]
    assert answers
    for answer in answers:
        (kind,) = answer
        assert kind in NOT_JSON or schema(answer[kind]["schema"])["examples"]


def schema(reference: dict) -> dict:
    return DOCUMENT["components"]["schemas"][reference["$ref"].rpartition("/")[2]]


def test_examples_are_valid():
    valid = {
        schemas.SearchResponse: examples.SEARCH,
        schemas.CaptionsResponse: examples.CAPTIONS,
        schemas.Item: examples.ITEM,
        schemas.Collection: examples.COLLECTION,
        list[requests.SearchRequest]: [examples.TEXT_QUERY, examples.MIXED_QUERY],
        job_requests.IndexJobRequest: job_examples.INDEX_REQUEST,
        list[job_requests.EvaluationJobRequest]: [
            job_examples.CAPTIONS_REQUEST,
            job_examples.LABELS_REQUEST,
            job_examples.RUN_REQUEST,
            job_examples.SWEEP_REQUEST,
        ],
        list[managing_requests.NewCollection]: [managing_examples.NEW_COLLECTION, managing_examples.LIKE_ANOTHER],
        managing_requests.Goal: managing_examples.GOAL,
        managing_requests.AliasTarget: managing_examples.TARGET,
        managing_schemas.Deleted: managing_examples.DELETED,
        managing_schemas.Alias: managing_examples.ALIAS,
        managing_schemas.Snapshot: managing_examples.SNAPSHOT,
        job_schemas.Job: job_examples.JOB,
        job_schemas.Evaluation: job_examples.EVALUATION,
    }
    for kind, example in valid.items():
        TypeAdapter(kind).validate_json(json.dumps(example))


@pytest.mark.parametrize("name", ApiSettings.model_fields)
def test_every_setting_is_in_the_guide(name):
    assert f"`RETRIEVAL_API_{name.upper()}`" in (DOCS / "http.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogue")
    with Workspace(settings_for(folder)) as workspace:
        fill_photos(workspace, folder)
        cut = folder / "unread" / "red" / "cut.png"
        cut.parent.mkdir(parents=True)
        cut.write_bytes((folder / "pictures" / "red" / "0.png").read_bytes()[:500])
        index(open_source(cut.parents[1]), workspace.open("photos"))
        workspace.snapshot("photos", workspace.data_dir / "snapshots" / f"{SNAPSHOT}.tar")
    shutil.copy(folder / "pictures" / "red" / "0.png", folder / "photo.png")
    shutil.copytree(folder / "pictures" / "red", folder / "sources" / "new")
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="module")
def client(folder):
    with serving(settings_for(folder), source_roots=(folder / "sources",)) as client:
        yield client


@pytest.mark.parametrize(("command", "printed"), GUIDE)
def test_the_examples_of_the_guide(client, folder, command, printed):
    actual = curl(client, command, folder)
    wait_for_jobs(client)  # so that the next example finds it done
    if printed.startswith("event:"):
        actual, printed = (text.strip().rpartition("event: end\ndata: ")[2] for text in (actual, printed))
    if printed.startswith(("{", "[")):
        assert comparable(json.loads(actual), float) == comparable(json.loads(printed), _rounded)
    else:
        assert actual == printed.strip()


def wait_for_jobs(client) -> None:
    for job in client.get("/v1/jobs").json()["jobs"]:
        client.get(f"/v1/jobs/{job['id']}/events")


def comparable(value, number):
    """JSON without what differs from run to run, and with `number` for its fractions."""
    match value:
        case dict():
            return {name: None if name in VARYING else comparable(one, number) for name, one in value.items()}
        case list():
            return [comparable(one, number) for one in value]
        case float():
            return number(value)
        case _:
            return value


def _rounded(value):
    return pytest.approx(value, abs=2e-4)


def test_the_guide_has_an_example_of_every_route():
    asked = " ".join(command for command, _ in GUIDE)
    for path, _, _ in OPERATIONS:
        for name, value in IDS.items():
            path = path.replace(name, value)
        assert f"8000{path} " in f"{asked} "
