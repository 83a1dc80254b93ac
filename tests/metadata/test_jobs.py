"""The jobs table on SQLite and on a real PostgreSQL: states, leases, and claims that race."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain
from multiprocessing import get_context

import pytest

from retrieval.errors import ConflictError, NotFoundError
from retrieval.metadata import jobs
from retrieval.metadata.database import Database

GONE = -1.0  # a lease that has expired already
LONG = 60.0


@pytest.fixture
def database(database_url):
    with closing(Database(database_url)) as database:
        database.upgrade()
        yield database


@pytest.fixture
def connection(database):
    with database.write() as connection:
        yield connection


def add(connection, kind="evaluation", collection="photos", **given):
    return jobs.add(connection, kind=kind, collection=collection, config={"k": [1, 5]}, **given)


def test_a_job_goes_from_queued_to_done(connection):
    made = add(connection, inputs={"queries": "ü" * 1000})
    assert (made.state, made.attempts, made.config, made.has_ended) == ("queued", 0, {"k": [1, 5]}, False)
    assert made.created_at.tzinfo is UTC
    assert jobs.inputs(connection, made.id) == {"queries": "ü" * 1000}
    taken = jobs.claim(connection, owner="a", lease_s=LONG)
    assert (taken.id, taken.state, taken.attempts) == (made.id, "running", 1)
    assert jobs.renew(connection, made.id, owner="a", lease_s=LONG, progress={"done": 3}) == "running"
    assert jobs.get(connection, made.id).progress == {"done": 3}
    assert jobs.finish(connection, made.id, owner="a", state="done", progress={"done": 4}, result={"indexed": 4})
    ended = jobs.get(connection, made.id)
    assert (ended.state, ended.result, ended.error, ended.progress) == ("done", {"indexed": 4}, None, {"done": 4})
    assert ended.created_at <= ended.started_at <= ended.finished_at <= datetime.now(UTC)
    assert not jobs.is_waiting(connection)


def test_the_oldest_that_waits_is_taken_and_one_that_is_held_is_not(connection):
    first, second = add(connection), add(connection)
    assert jobs.is_waiting(connection)
    assert [jobs.claim(connection, owner=owner, lease_s=LONG).id for owner in "ab"] == [first.id, second.id]
    assert not jobs.is_waiting(connection)
    assert jobs.claim(connection, owner="c", lease_s=LONG) is None


def test_one_index_job_a_collection_at_a_time(connection):
    first, again, other = (add(connection, "index", name) for name in ("photos", "photos", "maps"))
    evaluation = add(connection)
    order = [jobs.claim(connection, owner=str(number), lease_s=LONG) for number in range(4)]
    assert [job.id if job else None for job in order] == [first.id, other.id, evaluation.id, None]
    jobs.finish(connection, first.id, owner="0", state="done", progress={})
    assert jobs.claim(connection, owner="4", lease_s=LONG).id == again.id


def test_a_job_whose_holder_died_is_taken_again_and_the_dead_change_nothing(connection):
    made = add(connection, "index")
    jobs.claim(connection, owner="dead", lease_s=GONE)
    assert jobs.claim(connection, owner="alive", lease_s=LONG).attempts == 2
    assert jobs.renew(connection, made.id, owner="dead", lease_s=LONG, progress={"done": 9}) is None
    assert not jobs.finish(connection, made.id, owner="dead", state="failed", progress={}, error="late")
    jobs.release(connection, made.id, owner="dead")
    held = jobs.get(connection, made.id)
    assert (held.state, held.progress, held.error) == ("running", {}, None)


def test_a_late_holder_goes_on_where_nobody_else_has_taken_the_job(connection):
    made = add(connection)
    jobs.claim(connection, owner="slow", lease_s=GONE)
    assert jobs.renew(connection, made.id, owner="slow", lease_s=LONG, progress={}) == "running"
    assert jobs.claim(connection, owner="b", lease_s=LONG) is None


def test_a_job_that_kills_its_process_each_time_fails(connection):
    made = add(connection)
    for attempt in range(jobs.MOST_ATTEMPTS):
        assert jobs.claim(connection, owner=str(attempt), lease_s=GONE).id == made.id
    assert jobs.claim(connection, owner="last", lease_s=GONE) is None
    assert "died 5 times" in jobs.get(connection, made.id).error


def test_stopping_work_gives_the_job_back(connection):
    made = add(connection)
    for _ in range(jobs.MOST_ATTEMPTS + 1):
        jobs.claim(connection, owner="a", lease_s=LONG)
        jobs.release(connection, made.id, owner="a")
        assert jobs.get(connection, made.id).state == "queued"


def test_cancel(connection):
    waiting, running, orphan = (add(connection) for _ in range(3))
    assert jobs.cancel(connection, waiting.id).state == "cancelled"
    assert jobs.cancel(connection, waiting.id).state == "cancelled"
    jobs.claim(connection, owner="a", lease_s=LONG)
    assert jobs.cancel(connection, running.id).state == "cancelling"
    assert jobs.renew(connection, running.id, owner="a", lease_s=LONG, progress={}) == "cancelling"
    jobs.release(connection, running.id, owner="a")
    assert jobs.get(connection, running.id).state == "cancelling"
    assert jobs.finish(connection, running.id, owner="a", state="done", progress={})
    with pytest.raises(ConflictError, match="it is done"):
        jobs.cancel(connection, running.id)
    jobs.claim(connection, owner="b", lease_s=GONE)
    jobs.cancel(connection, orphan.id)
    assert jobs.claim(connection, owner="c", lease_s=LONG) is None
    assert jobs.get(connection, orphan.id).state == "cancelled"


def test_retry(connection):
    made = add(connection)
    with pytest.raises(ConflictError, match="is queued"):
        jobs.retry(connection, made.id)
    jobs.claim(connection, owner="a", lease_s=LONG)
    jobs.finish(connection, made.id, owner="a", state="failed", progress={"done": 1}, error="no luck")
    assert jobs.get(connection, made.id).error == "no luck"
    again = jobs.retry(connection, made.id)
    assert (again.state, again.error, again.progress, again.attempts, again.finished_at) == (
        "queued",
        None,
        {},
        0,
        None,
    )
    assert jobs.claim(connection, owner="b", lease_s=LONG).id == made.id
    with pytest.raises(NotFoundError, match="no job 99"):
        jobs.retry(connection, 99)


def test_the_newest_first_page_by_page(connection):
    made = [add(connection, collection=name).id for name in ("a", "b", "a", "a")]
    jobs.cancel(connection, made[2])
    assert [job.id for job in jobs.newest(connection, limit=2)] == made[:1:-1]
    assert [job.id for job in jobs.newest(connection, before=made[2])] == [made[1], made[0]]
    assert [job.id for job in jobs.newest(connection, collection="a", state="queued")] == [made[3], made[0]]


def start_together(barrier) -> None:
    """Make the processes of a pool begin at one moment."""
    claim_all.barrier = barrier


def claim_all(url: str, name: str) -> list[int]:
    """Claim until nothing is left, as a worker process does."""
    taken = []
    with closing(Database(url)) as database:
        claim_all.barrier.wait(60)
        while True:
            with database.write() as connection:
                job = jobs.claim(connection, owner=f"{name}-{len(taken)}", lease_s=LONG)
            if job is None:
                return taken
            taken.append(job.id)


def test_no_job_is_claimed_twice_by_processes_that_race(database, database_url):
    with database.write() as connection:
        made = [add(connection).id for _ in range(60)]
    context = get_context("forkserver")
    pool = ProcessPoolExecutor(3, context, initializer=start_together, initargs=(context.Barrier(3),))
    with pool as processes:
        taken = list(chain(*processes.map(claim_all, [database_url] * 3, "abc")))
    with database.write() as connection:  # what a process left that found all it saw locked
        while job := jobs.claim(connection, owner="rest", lease_s=LONG):
            taken.append(job.id)
    assert sorted(taken) == made
