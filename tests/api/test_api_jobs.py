"""Jobs over HTTP on a real server: followed, listed, cancelled, retried, refused."""

from __future__ import annotations

import asyncio
import re
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from api_service import PHOTOS, error, photos_in, serving, settings_for
from helpers import COLOURS, save_picture
from job_service import (
    PICTURES,
    SMALL_STEPS,
    ended,
    many_and_few,
    serving_jobs,
    started,
    until_some_are_stored,
)
from server import follow, get, post

import api.jobs.events
from retrieval.metadata.jobs import JobInfo


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    return many_and_few(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory) -> Path:
    """A folder with a small collection."""
    return photos_in(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="module")
def url(sources, catalogue):
    """A server over it."""
    with serving_jobs(sources, catalogue) as (_, url):
        yield url


def test_an_index_job_is_followed_to_its_end_and_searched(url):
    job = started(url, "index", {"source": "many", "model": "fake"}, "new")
    events = list(follow(job))
    states = [event["state"] for _, event in events]
    assert [name for name, _ in events] == ["progress"] * (len(events) - 1) + ["end"]
    assert states == sorted(states, key=["queued", "running", "done"].index)
    last = events[-1][1]
    assert last["progress"] | {"rate": None, "eta_s": None} == {
        "stage": "indexing", "done": PICTURES, "total": PICTURES, "rate": None, "eta_s": None, "rejected": 0,
        "reasons": {},
    }  # fmt: skip
    assert last["result"]["indexed"] == PICTURES
    hits = get(f"{url}/v1/collections/new/search?q=blue&k=8")[1]["hits"]
    assert {hit["attributes"]["folder"] for hit in hits} == {"blue"}
    again = ended(started(url, "index", {"source": "many"}, "new"))
    assert (again["result"]["indexed"], again["result"]["unchanged"]) == (0, PICTURES)


def test_rejects_are_counted_with_their_reasons(url, sources):
    (sources / "root" / "few" / "broken.png").write_bytes(b"not a picture")
    job = ended(started(url, "index", {"source": "few", "model": "fake"}, "few"))
    assert job["state"] == "done"
    assert (job["progress"]["rejected"], job["progress"]["reasons"]) == (1, {"unsupported-format": 1})
    assert job["result"]["rejects"] == [{"doc_id": "broken.png", "reason": "unsupported-format"}]


def test_a_failed_job_says_why_and_is_retried(url, sources):
    folder = sources / "root" / "empty"
    folder.mkdir()
    job = started(url, "index", {"source": "empty", "model": "fake"}, "late")
    failed = ended(job)
    assert (failed["state"], failed["result"]) == ("failed", None)
    assert failed["error"].startswith("empty: neither images nor .tar shards in this folder")
    save_picture(folder / "a.png", COLOURS["red"])
    assert post(f"{job}/cancel")[1]["error"]["code"] == "conflict"
    assert post(f"{job}/retry")[1]["state"] == "queued"
    assert ended(job)["result"]["indexed"] == 1
    status, refused = post(f"{job}/retry")
    assert (status, refused["error"]["message"]) == (
        409, "job " + job.rpartition("/")[2] + " is done: only one that failed or was cancelled can be retried"
    )  # fmt: skip


def test_an_image_outside_of_the_roots_ends_the_job_before_it_is_read(url, sources):
    secret = save_picture(sources / "secret.png", COLOURS["red"])
    (sources / "root" / "linked").mkdir()
    (sources / "root" / "linked" / "a.png").symlink_to(secret)
    failed = ended(started(url, "index", {"source": "linked", "model": "fake"}, "linked"))
    assert failed["error"] == "the image of 'a.png' lies outside of the server's source roots"


@pytest.mark.parametrize(
    ("what", "collection", "body", "status", "message"),
    [
        ("index", "photos", {"source": "../secret.png"}, 422, "without '..'"),
        ("index", "photos", {"source": "many", "images": "/etc"}, 422, "without '..'"),
        ("index", "photos", {"source": "nothing"}, 422, "there is no 'nothing'"),
        ("index", "photos", {"source": "a\0b"}, 422, "NUL"),
        ("index", "none", {"source": "many"}, 404, "no collection 'none'"),
        ("index", "none", {"source": "many", "model": "/srv/model.json"}, 422, "is a path"),
        ("index", "a name", {"source": "many", "model": "fake"}, 422, "cannot name a collection"),
        ("index", "photos", {"source": "many", "batch_size": 0}, 422, "body.batch_size"),
        ("index", "photos", {"source": "many", "checkpoint": "x"}, 422, "no field 'checkpoint'"),
        ("evaluation", "none", {"kind": "captions"}, 404, "no collection 'none'"),
        ("evaluation", "photos", {"kind": "captions", "dataset": "/etc/passwd"}, 422, "without '..'"),
        ("evaluation", "photos", {"kind": "gate"}, 422, "does not match any of the expected tags"),
        ("evaluation", "photos", {"kind": "run", "queries": "q1 red", "qrels": "q 0 d 1"}, 422, "queries, line 1"),
        ("evaluation", "photos", {"kind": "run", "queries": "q1\tred", "qrels": "q d 1"}, 422, "qrels, line 1"),
        (
            "evaluation", "photos",
            {"kind": "run", "queries": [{"query_id": "q"}], "qrels": {"q": {"d": 1}}}, 422, "query 'q': nothing to",
        ),
        (
            "evaluation", "photos",
            {"kind": "run", "queries": "q1\tred", "qrels": {"q": {}}}, 422, "the qrels judge nothing",
        ),
        (
            "evaluation", "photos",
            {"kind": "run", "queries": "q\tred", "qrels": "q 0 d 1", "measures": ["best"]}, 422, "'best'",
        ),
    ],
)  # fmt: skip
def test_what_can_be_seen_to_be_wrong_is_said_at_once(url, what, collection, body, status, message):
    collection = urllib.request.quote(collection)
    answered, refused = post(f"{url}/v1/collections/{collection}/jobs/{what}", body)
    assert answered == status, refused
    assert message in refused["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "index", "k": 2, "ef": [2, 4], "queries": 5, "selectivities": [0.5]},
        {
            "kind": "run",
            "queries": [{"query_id": "q1", "text": "red"}, {"query_id": "q2", "doc_id": "blue/0.png"}],
            "qrels": {"q1": {"red/0.png": 1}, "q2": {"blue/1.png": 2}},
            "measures": ["hit@2"],
        },
        pytest.param({"kind": "labels", "attribute": "colour", "k": [1, 2]}, marks=pytest.mark.slow),
        pytest.param({"kind": "captions", "k": [1]}, marks=pytest.mark.slow),
        pytest.param(
            {"kind": "run", "queries": "q1\tred\nq2\tblue\n", "qrels": "q1 0 red/0.png 1\nq2 0 blue/1.png 1\n"},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["index", "run from JSON", "labels", "captions", "run from text"],
)
def test_an_evaluation_job_leaves_figures_and_a_report(url, body):
    job = ended(started(url, "evaluation", body))
    assert (job["state"], job["error"]) == ("done", None)
    assert "qrels" not in job["config"]
    status, evaluation = get(url + job["evaluation"])
    assert (status, evaluation["kind"], evaluation["collection"]) == (200, body["kind"], "photos")
    assert evaluation["config"]["command"] == f"retrieval eval {body['kind']}"
    assert evaluation["metrics"]
    with urllib.request.urlopen(url + evaluation["report"]) as response:
        page, headers = response.read().decode(), response.headers
    assert headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(rule.partition(" ")[::2] for rule in headers["content-security-policy"].split("; "))
    assert (policy["sandbox"], policy["default-src"]) == ("", "'none'")
    assert (policy["style-src"], policy["img-src"]) == ("'unsafe-inline'", "data:")
    assert "<style>" in page
    assert set(re.findall(r'src="([^"]*?:)', page)) == {"data:"}
    assert "<script" not in page
    newest = get(f"{url}/v1/evaluations?collection=photos&limit=1")[1]["evaluations"]
    assert newest == [{name: evaluation[name] for name in ("id", "collection", "kind", "created_at", "report")}]
    assert get(f"{url}/v1/evaluations?collection=nothing")[1] == {"evaluations": []}


def test_jobs_are_listed(url):
    made = [started(url, "evaluation", {"kind": "labels", "attribute": "size"}) for _ in range(2)]
    ids = [ended(job)["id"] for job in made][::-1]
    failed = get(f"{url}/v1/jobs?collection=photos&state=failed&limit=2")[1]["jobs"]
    assert [job["id"] for job in failed] == ids
    assert "there are colour, price" in failed[0]["error"]
    assert all(job["id"] < ids[1] for job in get(f"{url}/v1/jobs?before={ids[1]}")[1]["jobs"])
    assert get(f"{url}/v1/jobs?state=lost")[0] == 422
    assert get(f"{url}/v1/jobs/999/events")[1]["error"]["message"] == "no job 999"
    assert get(f"{url}/v1/jobs/{2**40}")[0] == 422


def test_a_stream_in_which_nothing_happens_is_kept_alive(monkeypatch):
    monkeypatch.setattr(api.jobs.events, "LOOK_S", 0.001)
    monkeypatch.setattr(api.jobs.events, "PING_S", 0)
    running_job = JobInfo(7, "index", "photos", {}, "running", {}, None, None, 1, datetime.now(UTC), None, None)
    seen = [running_job, running_job, replace(running_job, state="done")]

    async def look() -> JobInfo:
        return seen.pop(0)

    async def stream() -> list[bytes]:
        return [part async for part in api.jobs.events.events(running_job, look, leaving=asyncio.Event())]

    progress, *pings, end = asyncio.run(stream())
    assert progress.startswith(b"event: progress\ndata: {")
    assert pings == [b": ping\n\n"] * 2
    assert end.startswith(b"event: end\ndata: {")
    assert end.endswith(b"}\n\n")


def test_cancelling_keeps_what_was_indexed_and_a_retry_goes_on(url, catalogue):
    (catalogue / "held").touch()
    job = started(url, "index", SMALL_STEPS, "cancelled")
    waiting = started(url, "index", SMALL_STEPS, "cancelled")
    assert post(f"{waiting}/cancel")[1]["state"] == "cancelled"
    until_some_are_stored(job)
    assert post(f"{job}/cancel")[1]["state"] == "cancelling"
    cancelled = ended(job)
    (catalogue / "held").unlink()
    assert (cancelled["state"], cancelled["result"]) == ("cancelled", None)
    collection = get(f"{url}/v1/collections/cancelled")[1]
    assert (0 < collection["documents"] < PICTURES, collection["last_run"]) == (True, "failed")
    post(f"{job}/retry")
    result = ended(job)["result"]
    assert (result["unchanged"], result["unchanged"] + result["indexed"]) == (collection["documents"], PICTURES)
    assert get(f"{url}/v1/collections/cancelled")[1]["documents"] == PICTURES


def test_without_workers_jobs_only_queue_and_without_roots_nothing_is_indexed(tmp_path):
    with serving(settings_for(photos_in(tmp_path)), job_workers=0) as client:
        job = client.post(f"{PHOTOS}/jobs/evaluation", json={"kind": "captions"})
        assert job.status_code == 202
        assert job.headers["location"] == "/v1/jobs/1"
        problem = error(client.post(f"{PHOTOS}/jobs/index", json={"source": "many"}), 422)
        assert "RETRIEVAL_API_SOURCE_ROOTS" in problem["message"]
        assert client.get("/v1/jobs/1").json()["state"] == "queued"
