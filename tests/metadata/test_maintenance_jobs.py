"""Maintenance is queued once for each collection, on SQLite and on a real PostgreSQL, whoever asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from retrieval.metadata import collections, jobs, maintenance
from retrieval.metadata.database import Database
from retrieval.types import IndexParams, ModelReference, external_spec

LONG = 60.0
CONFIG = {"tail_rows": 10, "dead_share": 0.5}


@pytest.fixture
def database(database_url):
    with closing(Database(database_url)) as database:
        database.upgrade()
        yield database


@pytest.fixture
def photos(database):
    with database.write() as connection:
        return collections.create(
            connection,
            name="photos",
            spec=external_spec("test", 4),
            model=ModelReference("external"),
            index=IndexParams(),
            caption_vectors=False,
        )


def queue(database, info, *, rest_s=LONG):
    with database.write() as connection:
        return maintenance.queue(connection, info, config=CONFIG, rest_s=rest_s)


def end(database, job, state) -> None:
    with database.write() as connection:
        assert jobs.claim(connection, owner="a", lease_s=LONG, kinds=("maintenance",)).id == job.id
        assert jobs.finish(connection, job.id, owner="a", state=state, progress={})


def test_one_at_a_time_for_a_collection(database, photos):
    first = queue(database, photos)
    assert (first.kind, first.collection, first.config, first.state) == ("maintenance", "photos", CONFIG, "queued")
    assert queue(database, photos) is None
    with database.write() as connection:
        assert not jobs.is_waiting(connection, ("index", "evaluation"))
        assert jobs.claim(connection, owner="b", lease_s=LONG, kinds=("index", "evaluation")) is None
        assert jobs.claim(connection, owner="a", lease_s=LONG, kinds=("maintenance",)).id == first.id
    assert queue(database, photos) is None
    with database.write() as connection:
        jobs.finish(connection, first.id, owner="a", state="done", progress={})
    assert queue(database, photos).id > first.id


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_one_that_ended_badly_rests(database, photos, state):
    end(database, queue(database, photos), state)
    assert queue(database, photos) is None
    assert queue(database, photos, rest_s=0) is not None


def test_a_collection_made_anew_does_not_rest_for_the_one_before(database, photos):
    end(database, queue(database, photos), "failed")
    with database.write() as connection:
        collections.drop(connection, photos.id)
        assert maintenance.queue(connection, photos, config=CONFIG, rest_s=LONG) is None
        anew = collections.create(
            connection,
            name="photos",
            spec=photos.spec,
            model=photos.model,
            index=photos.index,
            caption_vectors=False,
        )
    assert queue(database, anew) is not None


def test_old_ones_are_forgotten(database, photos, monkeypatch):
    monkeypatch.setattr(maintenance, "KEPT", 3)
    for _ in range(6):
        end(database, queue(database, photos), "done")
    with database.read() as connection:
        assert len(jobs.newest(connection, state="done")) == 4, "those kept, and the one that has ended since"


def test_services_that_ask_at_once_queue_one(database, photos):
    with ThreadPoolExecutor(8) as threads:
        queued = list(threads.map(lambda _: queue(database, photos), range(16)))
    assert len([job for job in queued if job]) == 1
