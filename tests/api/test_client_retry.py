"""What the clients do when a server refuses, breaks off or says something else; and that they know every route."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from client_drivers import connected
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from starlette.routing import compile_path

from api.jobs import examples as job_examples
from api.jobs import requests as job_requests
from api.jobs import schemas as job_schemas
from api.managing import requests as managing_requests
from api.managing import schemas as managing_schemas
from api.security.scopes import ROUTES
from api.wire import facets as facet_schemas
from api.wire import schemas
from api.wire.adapters import facet_body
from api.wire.requests import SearchFields, SearchRequest, TextSearchFields
from api.writing import schemas as writing_schemas
from retrieval.client import (
    Client,
    DeniedError,
    NewItem,
    NoAnswerError,
    RateLimitError,
    Retry,
    ServerError,
    UnavailableError,
    UnexpectedAnswerError,
    results,
)
from retrieval.client.call import Page
from retrieval.client.calls import collections, jobs, searches
from retrieval.explanation import Alternative, Explanation
from retrieval.types import CaptionHit, Hit, Match, Plan

URL = "http://images.example/behind/"
AT_ONCE = Retry(attempts=4, first_s=0)


def found() -> httpx2.Response:
    return httpx2.Response(200, json={"status": "ok", "version": "1"})


def refusal(status: int, code: str = "overloaded", **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status,
        json={"error": {"code": code, "message": "no", "request_id": "r1"}},
        headers={"X-Request-Id": "r1", **headers},
    )


class Script:
    """Answers, or failures, one after the other; remembers what was asked."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(params=["blocking", "asynchronous"])
def talk(request):
    """A client whose server follows a script."""
    opened = []

    def talk(script, **options):
        options = {"retry": AT_ONCE, "transport": httpx2.MockTransport(script), **options}
        context = connected(request.param, URL, **options)
        opened.append(context)
        return context.__enter__()

    yield talk
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def pauses(monkeypatch):
    """The seconds that were slept, without sleeping them."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return slept


def test_what_may_succeed_later_is_repeated(talk, pauses):
    script = Script(refusal(503), httpx2.ConnectError("refused"), refusal(429, **{"Retry-After": "2"}), found())
    assert talk(script).health().version == "1"
    assert len(script.asked) == 4
    assert pauses == [0, 0, 2]


def test_the_last_failure_is_told(talk):
    with pytest.raises(UnavailableError) as refused:
        talk(Script(*[refusal(503)] * 4)).health()
    assert (refused.value.code, refused.value.message, refused.value.request_id) == ("overloaded", "no", "r1")
    with pytest.raises(NoAnswerError, match="in time"):
        talk(Script(*[httpx2.ReadTimeout("late")] * 2), retry=Retry(attempts=2, first_s=0)).health()


@pytest.mark.parametrize("failure", [lambda: refusal(503), lambda: refusal(429), lambda: httpx2.ReadError("gone")])
def test_what_would_be_done_twice_is_not_repeated(talk, failure):
    script = Script(failure())
    with pytest.raises((UnavailableError, RateLimitError, NoAnswerError)):
        talk(script).start_index("photos", "new")
    assert len(script.asked) == 1


@pytest.mark.parametrize(("status", "code"), [(500, "internal_error"), (401, "invalid_key")])
def test_what_stays_wrong_is_not_repeated(talk, status, code):
    script = Script(refusal(status, code))
    with pytest.raises((ServerError, DeniedError)):
        talk(script).collections()
    assert len(script.asked) == 1


def test_a_server_that_asks_for_a_long_pause_is_not_asked_again(talk, pauses):
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with pytest.raises(RateLimitError) as refused:
        talk(Script(refusal(429, **{"Retry-After": later}))).health()
    assert 3_590 < refused.value.retry_after_s <= 3_600
    assert not pauses


def test_a_proxy_that_answers_for_the_server_is_understood(talk):
    page = {"text": "<html>Bad Gateway</html>"}
    with pytest.raises(ServerError, match="502 Bad Gateway") as failed:
        talk(Script(httpx2.Response(502, **page))).collections()
    assert (failed.value.code, failed.value.request_id) == ("http_502", None)
    for other in (page, {"json": []}, {"json": {"collections": [{"name": "photos"}]}}):
        with pytest.raises(UnexpectedAnswerError, match="not what this client knows"):
            talk(Script(httpx2.Response(200, **other))).collections()


def test_keys_and_names_travel_as_they_should(talk):
    script = Script(*[httpx2.Response(200, json={"deleted": "x"})] * 2)
    client = talk(script, key="rk_1_secret")
    client.delete_collection("odd name/../x", force=True)
    client.delete_alias("ä")
    first, second = script.asked
    assert first.headers["Authorization"] == "Bearer rk_1_secret"
    assert str(first.url) == f"{URL}v1/collections/odd%20name%2F..%2Fx?force=true"
    assert str(second.url) == f"{URL}v1/aliases/%C3%A4"


def event(state: str) -> str:
    update = {"id": 7, "state": state, "progress": None, "result": None, "error": None, "evaluation": None}
    return f": ping\n\nevent: progress\ndata: {json.dumps(update)}\n\n"


def test_events_go_on_where_a_connection_ends_before_the_job_has(talk):
    headers = {"Content-Type": "text/event-stream"}
    first = httpx2.Response(200, text=event("queued") + event("running"), headers=headers)
    script = Script(first, refusal(503), httpx2.Response(200, text=event("done") + event("queued"), headers=headers))
    assert [update.state for update in talk(script).events(7)] == ["queued", "running", "done"]
    assert len(script.asked) == 3


def job(state: str) -> httpx2.Response:
    return httpx2.Response(200, json={**job_examples.JOB, "state": state})


def test_a_job_is_looked_at_less_and_less_often(talk, pauses):
    assert talk(Script(*[job("running") for _ in range(12)], job("failed"))).wait(7).state == "failed"
    assert pauses[:3] == [0.25, 0.375, 0.5625]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5


@given(
    attempt=st.integers(1, 60),
    attempts=st.integers(1, 60),
    told=st.none() | st.floats(0, 1_000),
    first_s=st.floats(0, 100),
    longest_s=st.floats(0, 100),
)
def test_pauses_are_bounded(attempt, attempts, told, first_s, longest_s):
    retry = Retry(attempts=attempts, first_s=first_s, longest_s=longest_s)
    pause_s = retry.pause_s(attempt, UnavailableError("overloaded", "no", status=503, retry_after_s=told))
    if attempt >= attempts or (told or 0) > longest_s:
        assert pause_s is None
    else:
        assert (told or 0) <= pause_s <= (told or 0) + min(first_s * 2 ** (attempt - 1), longest_s)


# -------------------------------------------------------------- the same shapes on both sides

SHAPES = [
    (schemas.Hit, Hit), (schemas.Plan, Plan), (schemas.Match, Match), (schemas.CaptionHit, CaptionHit),
    (schemas.SearchResponse, results.SearchResult),
    (schemas.Explanation, Explanation), (schemas.Alternative, Alternative),
    (schemas.FailedSearch, results.FailedSearch), (schemas.BatchError, results.SearchError),
    (facet_schemas.ValueCount, results.ValueCount), (facet_schemas.NumberHistogram, results.Histogram),
    (facet_schemas.DateHistogram, results.Histogram), (facet_schemas.NumberBin, results.Bin),
    (facet_schemas.DateBin, results.Bin),
    (schemas.Item, results.Document), (schemas.Collection, results.CollectionInfo), (schemas.Health, results.Health),
    (schemas.Ready, results.Readiness), (writing_schemas.Page, Page), (writing_schemas.Several, results.Several),
    (writing_schemas.StoredItems, results.Stored), (writing_schemas.Rejected, results.Rejected),
    (writing_schemas.DeletedItems, results.Deletion), (managing_schemas.Alias, results.Alias),
    (managing_schemas.Snapshot, results.Snapshot), (job_schemas.Progress, results.Progress),
    (job_schemas.Job, results.Job), (job_schemas.EvaluationSummary, results.EvaluationSummary),
    (job_schemas.Evaluation, results.Evaluation),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "value"), SHAPES)
def test_what_the_service_answers_is_what_the_client_reads(wire: type[BaseModel], value):
    assert set(wire.model_fields) == {field.name for field in dataclasses.fields(value)}


@pytest.mark.parametrize("kinds", [{"string": 2}, {"string": 2, "number": 1}, {}])
@pytest.mark.parametrize("dates", [None, results.Histogram("2026-01-05", "2026-02-01", (results.Bin("a", "b", 1),))])
def test_a_facet_arrives_as_it_was_counted(kinds, dates):
    facet = results.Facet("day", 2, kinds, (results.ValueCount("red", 1),), 3, None, dates)
    told = facet_body(facet)
    assert set(told) == set(facet_schemas.Facet.model_fields)
    arrived = TypeAdapter(results.Facet).validate_python(told)
    assert (arrived, arrived.type) == (facet, told["type"])


def test_the_client_offers_the_options_that_the_service_takes():
    def asked(*models: type[BaseModel]) -> set[str]:
        return {name for model in models for name in model.model_fields}

    def offered(options) -> set[str]:
        return set(options.__annotations__)

    assert offered(searches.SearchOptions) == asked(SearchFields)
    assert offered(searches.TextSearchOptions) == asked(TextSearchFields)
    assert offered(searches.Search) == asked(SearchRequest)
    assert offered(collections.Goal) == asked(managing_requests.Goal)
    assert offered(collections.CollectionOptions) == asked(managing_requests.NewCollection) - {"name"}
    assert offered(jobs.IndexOptions) == asked(job_requests.IndexJobRequest) - {"source"}
    kinds = job_requests.AnyEvaluation.__args__
    assert offered(jobs.EvaluationOptions) == asked(*kinds) - {"kind"}


ARGUMENTS = {
    "collection": "photos", "name": "photos", "alias": "now", "snapshot": "s1", "job_id": 1, "evaluation_id": 1,
    "doc_id": "a", "doc_ids": ["a"], "image": b"", "source": "new", "kind": "labels", "text": "red",
    "items": [NewItem("a", b"")], "searches": [{"text": "red"}], "target": "none.tar",
}  # fmt: skip
ELSEWHERE = {
    "GET /", "GET /page/{version}/{asset:path}", "GET /docs", "GET /docs/{asset}", "GET /openapi.json",  # for browsers
    "GET /v1/collections/{collection}/search",  # the same as POST
    "GET /indices-list", "POST /knn-service", "POST /metadata",  # for clip-retrieval's own client
}  # fmt: skip


def test_every_route_has_a_method(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = set()

    def refuse(request: httpx2.Request) -> httpx2.Response:
        asked.update(route for route in ROUTES if fits(route, request))
        return refusal(500)

    def fits(route: str, request: httpx2.Request) -> bool:
        method, _, path = route.partition(" ")
        return method == request.method and compile_path(path)[0].match(request.url.path)

    with Client("http://images.example", transport=httpx2.MockTransport(refuse)) as client:
        for name in dir(Client):
            method = getattr(client, name)
            if not name.startswith("_") and name not in ("close", "send", "each"):
                for given in ({}, {"image": b""}) if name == "search" else ({},):
                    with pytest.raises(ServerError):
                        list(method(*_needed(method), **given))
    assert asked | ELSEWHERE == set(ROUTES)


def _needed(method):
    parameters = inspect.signature(method).parameters.values()
    return [
        ARGUMENTS[one.name] for one in parameters if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
