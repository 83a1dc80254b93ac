"""Jobs whose service is killed or stopped, or whose process is: what was stored stays, and the next one goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from api_service import wait_until
from job_service import (
    PICTURES,
    SMALL_STEPS,
    documents,
    ended,
    many_and_few,
    serving_jobs,
    started,
    until_some_are_stored,
)
from server import follow, get, post


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    return many_and_few(tmp_path_factory.mktemp("sources"))


def children(server) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]


def test_a_service_that_is_killed_takes_its_job_with_it_and_the_next_one_goes_on(sources, tmp_path):
    (tmp_path / "held").touch()
    with serving_jobs(sources, tmp_path, RETRIEVAL_API_JOB_LEASE_S=1) as (server, url):
        job = started(url, "index", SMALL_STEPS, "many")
        until_some_are_stored(job)
        (child,) = children(server)
        server.send_signal(signal.SIGKILL)
        server.wait()
        wait_until(lambda: not Path(f"/proc/{child}").exists())
    (tmp_path / "held").unlink()
    before = documents(tmp_path)
    assert 0 < len(before) < PICTURES
    with serving_jobs(sources, tmp_path) as (_, url):
        done = ended(f"{url}/v1/jobs/1")
    assert (done["state"], done["attempts"]) == ("done", 2)
    assert (done["result"]["unchanged"], done["result"]["indexed"]) == (len(before), PICTURES - len(before))
    assert len(documents(tmp_path)) == PICTURES


@pytest.mark.slow
def test_a_service_that_is_stopped_gives_its_job_back(sources, tmp_path):
    (tmp_path / "held").touch()
    with serving_jobs(sources, tmp_path) as (server, url):
        job = started(url, "index", SMALL_STEPS, "many")
        until_some_are_stored(job)
        events = follow(job)
        assert next(events)[1]["state"] == "running"
        server.send_signal(signal.SIGTERM)
        assert "end" not in [name for name, _ in events], "the stream ends though the job does not"
        _, err = server.communicate(timeout=20)
        assert server.returncode == 0, err
        assert "Traceback" not in err
    (tmp_path / "held").unlink()
    assert 0 < len(documents(tmp_path)) < PICTURES
    with serving_jobs(sources, tmp_path) as (_, url):
        done = ended(f"{url}/v1/jobs/1")
    assert (done["state"], done["attempts"]) == ("done", 1)
    assert len(documents(tmp_path)) == PICTURES


@pytest.mark.slow
def test_a_job_that_does_not_listen_is_killed_and_one_that_crashes_takes_nothing_with_it(sources, tmp_path):
    (tmp_path / "held").touch()
    with serving_jobs(sources, tmp_path, DEAF=True, RETRIEVAL_API_JOB_STOP_GRACE_S=1) as (server, url):
        job = started(url, "index", SMALL_STEPS, "many")
        wait_until(lambda: (get(job)[1]["progress"] or {}).get("stage") == "indexing")
        assert post(f"{job}/cancel")[1]["state"] == "cancelling"
        assert ended(job)["state"] == "cancelled"
        post(f"{job}/retry")
        wait_until(lambda: children(server))
        os.kill(children(server)[0], signal.SIGKILL)
        crashed = ended(job)
        assert (crashed["state"], crashed["error"]) == (
            "failed", "the process of the job was killed by signal 9; perhaps it took too much memory"
        )  # fmt: skip
        assert get(f"{url}/healthz")[0] == 200
