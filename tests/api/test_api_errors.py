"""Errors of the service itself: the right status, in the one shape, and nothing of its insides."""

from __future__ import annotations

import logging

import pytest
from api_service import PHOTOS, error, photos_in, serving, settings_for

from api.errors import ANSWERS
from retrieval import errors as library
from retrieval.collection import Collection
from retrieval.errors import RetrievalError
from retrieval.writer import ChangedMeanwhileError

SECRET = "/srv/data/catalogue.sqlite3: SELECT * FROM items"
STATUSES = {
    "InputError": 422, "FilterError": 422, "CursorError": 422, "VectorError": 422, "SourceError": 422,
    "ImageError": 422, "RecordError": 422, "SnapshotError": 422,
    "NotFoundError": 404, "GoneError": 404, "ConflictError": 409, "ChangedMeanwhileError": 409, "BusyError": 503,
    "EncoderMismatchError": 503, "ModelError": 503, "ExternalVectorsError": 422, "StorageError": 503,
    "CorruptionError": 503, "DependencyError": 503, "RecallError": 409, "GpuError": 500, "RetrievalError": 500,
}  # fmt: skip
OWN_WORDS = {"BusyError"}
"""Answered by the server's own words, which tell only what is being done."""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = photos_in(tmp_path_factory.mktemp("catalogue"), odd_ids=True)
    with serving(settings_for(folder)) as client:
        yield client


def build(name: str) -> RetrievalError:
    match name:
        case "FilterError":
            return library.FilterError(SECRET, expression="a <", position=3)
        case "ImageError":
            return library.ImageError("corrupt", SECRET)
        case "ExternalVectorsError":
            return library.ExternalVectorsError("photos", SECRET)
        case "GoneError":
            return library.GoneError()
        case "ChangedMeanwhileError":
            return ChangedMeanwhileError(SECRET)
        case _:
            return getattr(library, name)(SECRET)


def all_errors(kind: type) -> set[str]:
    below = [
        one for one in kind.__subclasses__() if "Stale" not in str(one) and "retrieval.client" not in one.__module__
    ]
    return {kind.__name__}.union(*map(all_errors, below))


def fail_with(monkeypatch, problem: Exception) -> None:
    def get(*_):
        raise problem

    monkeypatch.setattr(Collection, "get", get)


def test_every_library_error_has_an_answer():
    assert all_errors(RetrievalError) == set(STATUSES)


@pytest.mark.parametrize("name", STATUSES)
def test_library_errors(client, monkeypatch, caplog, name):
    failure = build(name)
    fail_with(monkeypatch, failure)
    problem = error(client.get(f"{PHOTOS}/item?doc_id=a"), STATUSES[name])
    if STATUSES[name] >= 500 and name not in OWN_WORDS:
        assert "/" not in problem["message"]
        assert "SELECT" not in problem["message"]
        assert SECRET in caplog.text
    else:
        assert problem["message"] == str(failure)


def test_unexpected_errors(client, monkeypatch, caplog):
    fail_with(monkeypatch, RuntimeError(SECRET))
    with caplog.at_level(logging.ERROR):
        response = client.get(f"{PHOTOS}/item?doc_id=a")
    problem = error(response, 500)
    assert (problem["code"], problem["message"]) == (
        "internal_error",
        "something went wrong: the server's log says what",
    )
    assert f"GET '{PHOTOS}/item' failed unexpectedly: RuntimeError" in caplog.text


def test_a_storage_error_asks_to_try_again(client, monkeypatch):
    fail_with(monkeypatch, library.StorageError(SECRET))
    assert client.get(f"{PHOTOS}/item?doc_id=a").headers["retry-after"] == "1"


def test_messages_do_not_depend_on_what_json_can_hold():
    from api.wire.responses import to_json

    assert to_json({"a": 2**70, "b": "\ud800"}) == b'{"a": 1180591620717411303424, "b": "\\ud800"}'
    assert all(answer.message is None or "/" not in answer.message for answer in ANSWERS.values())
