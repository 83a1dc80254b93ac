"""The committed OpenAPI document and docs/http.md are what the service does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from api import examples, openapi, requests, schemas
from api.settings import ApiSettings

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = json.loads(openapi.document())
OPERATIONS = [(path, method, operation) for path, of in DOCUMENT["paths"].items() for method, operation in of.items()]


def test_the_committed_document_is_the_present_one():
    committed = (DOCS / "openapi.json").read_text(encoding="utf-8")
    assert committed == openapi.document(), "the API has changed: run `python -m api.openapi` and commit the result"


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
    answer = operation["responses"]["200"]["content"]
    assert "image/webp" in answer or schema(answer["application/json"]["schema"])["examples"]


def schema(reference: dict) -> dict:
    return DOCUMENT["components"]["schemas"][reference["$ref"].rpartition("/")[2]]


def test_examples_are_valid():
    valid = {
        schemas.SearchResponse: examples.SEARCH,
        schemas.CaptionsResponse: examples.CAPTIONS,
        schemas.Item: examples.ITEM,
        schemas.Collection: examples.COLLECTION,
        list[requests.SearchRequest]: [examples.TEXT_QUERY, examples.MIXED_QUERY],
    }
    for kind, example in valid.items():
        TypeAdapter(kind).validate_json(json.dumps(example))


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_every_route_is_in_the_guide(path):
    assert path.replace("{collection}", "photos") in (DOCS / "http.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ApiSettings.model_fields)
def test_every_setting_is_in_the_guide(name):
    assert f"`RETRIEVAL_API_{name.upper()}`" in (DOCS / "http.md").read_text(encoding="utf-8")
