"""Requests that schemathesis makes of the OpenAPI document: no 5xx, and no answer that the document does not tell of.

They often name what the catalogue has, so that not everything ends in 404. Each route is asked over a fresh copy of
the catalogue, and so is whatever comes after a request that took something away.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from contextlib import closing

import pytest
import schemathesis
import schemathesis.checks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known_catalogue import NUMBERS, URL, FreshCopies, empty_database

from api.managing.examples import SNAPSHOT
from api.wire import openapi
from api.writing.examples import PIXEL

KNOWN = {
    "collection": ["photos", "current", "vectors", "new"],
    "alias": ["current", "new"],
    "document": ["shirts/red.jpg", "shirts/blue.jpg", "v1"],
    "number": NUMBERS,
    "snapshot": [SNAPSHOT["id"]],
    "range": ["bytes=0-9", "bytes=5-9,20-", "bytes=999999999-", "lines=1"],
    "text": ["a red shirt"],
    "filter": ['category = "shirt" and price < 50', "missing(tags)", "colour = 1", "price <"],
    "attribute": ["category", "price", "tags", "colour"],
    "picture": [PIXEL],
    "model": ["fake"],
    "source": ["shirts"],
}
MOSTLY, OFTEN, SELDOM = 0.9, 0.6, 0.2
NAMED = {
    "path.collection": ("collection", MOSTLY),
    "path.alias": ("alias", MOSTLY),
    "path.snapshot": ("snapshot", MOSTLY),
    "path.job": ("number", MOSTLY),
    "path.evaluation": ("number", MOSTLY),
    "header.Range": ("range", OFTEN),
    "query.snapshot": ("snapshot", MOSTLY),
    "query.doc_id": ("document", MOSTLY),
    "query.filter": ("filter", SELDOM),
    "query.group_by": ("attribute", SELDOM),
    "query.collection": ("collection", SELDOM),
    "body.collection": ("collection", OFTEN),
    "body.indice_name": ("collection", OFTEN),
    "body.like": ("collection", SELDOM),
    "body.model": ("model", OFTEN),
    "body.source": ("source", OFTEN),
    "body.attribute": ("attribute", OFTEN),
    "body.text": ("text", SELDOM),
    "body.doc_id": ("document", SELDOM),
    "body.image": ("picture", SELDOM),
    "body.filter": ("filter", SELDOM),
    "body.group_by": ("attribute", SELDOM),
}
"""Where requests name something that there is, how often."""

FILES = {
    "image": b64decode(PIXEL),
    "images": [b64decode(PIXEL)],
    "captions": '["a red shirt"]',
    "attributes": '{"price": 25}',
}
UNGUESSABLE = {"cursor", "image_url", "terms", "vector"}
TAKE_AWAY = {
    "DELETE /v1/collections/{collection}",
    "DELETE /v1/collections/{collection}/snapshots/{snapshot}",
    "DELETE /v1/collections/{collection}/item",
    "POST /v1/collections/{collection}/items/delete",
    "DELETE /v1/aliases/{alias}",
    "POST /v1/jobs/{job}/cancel",
    "POST /v1/jobs/{job}/retry",
}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_headers_conformance,
    schemathesis.checks.response_schema_conformance,
]
CONFIG = schemathesis.Config.from_dict(
    {
        "dictionaries": {name: {"values": values} for name, values in KNOWN.items()},
        "parameters": {where: {"dictionary": known, "probability": often} for where, (known, often) in NAMED.items()},
    }
)
SCHEMA = schemathesis.openapi.from_dict(json.loads(openapi.document()), config=CONFIG)
ROUTES = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
MODES = list(schemathesis.GenerationMode)


@SCHEMA.hook
def flatmap_body(context, body):
    """Every second form has pictures that can be decoded, and words that are JSON; the document calls both strings."""
    if isinstance(body, dict) and "multipart/form-data" in context.operation.get_request_payload_content_types():
        return st.sampled_from([body, {name: FILES.get(name, value) for name, value in body.items()}])
    return _with_and_without_unguessable(body)


@SCHEMA.hook
def flatmap_query(context, query):
    """See `flatmap_body`."""
    return _with_and_without_unguessable(query)


def _with_and_without_unguessable(fields):
    if not isinstance(fields, dict):
        return st.just(fields)
    return st.sampled_from([fields, {name: value for name, value in fields.items() if name not in UNGUESSABLE}])


class Asker:
    """Asks the service for one route, and counts the answers by their status."""

    def __init__(self, route: str, copies: FreshCopies) -> None:
        self._route, self._copies = route, copies
        self.answers = Counter()
        copies.renew()

    def with_anything(self, examples: int) -> None:
        """Requests drawn at random, half of them as the document has it and half of them not."""

        @given(case=st.one_of([ROUTES[self._route].as_strategy(generation_mode=mode) for mode in MODES]))
        @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
        def ask(case: schemathesis.Case) -> None:
            self._ask(case)

        ask()

    def at_the_bounds(self) -> None:
        """A request at, and one beyond, each bound of each field, and whatever else can be wrong with one alone."""
        generation = CONFIG.projects.default.generation
        for case in SCHEMA.iter_coverage_cases(
            ROUTES[self._route], generation_modes=MODES, generation_config=generation
        ):
            self._ask(case)

    def _ask(self, case: schemathesis.Case) -> None:
        longest_s = 1 if self._route.endswith("/events") else 60  # events of a job that waits do not end
        response = case.call(session=self._copies.session, base_url=URL, timeout=longest_s)
        self.answers[response.status_code] += 1
        ran_out = response.status_code == 503 and "X-Timeout-Ms" in case.headers  # of the time that it asked for
        case.validate_response(response, checks=CHECKS[1:] if ran_out else CHECKS)
        if response.status_code < 300 and self._route in TAKE_AWAY:
            self._copies.renew()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def copies(request, tmp_path_factory):
    is_sqlite = request.param == "sqlite"
    url = None if is_sqlite else empty_database(request.getfixturevalue("postgres_server"), "known")
    with closing(FreshCopies(tmp_path_factory.mktemp("catalogue"), url)) as copies:
        yield copies


@pytest.mark.parametrize("route", ROUTES)
def test_a_few_requests(route, copies):
    Asker(route, copies).with_anything(5)


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES)
def test_many_requests(route, copies):
    asker = Asker(route, copies)
    asker.at_the_bounds()
    asker.with_anything(300)
    assert any(status < 300 for status in asker.answers), asker.answers
