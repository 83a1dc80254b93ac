"""`retrieval serve` as a process: it says where it listens, answers real HTTP, and leaves on a signal."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading

import httpx2
import pytest
from api_service import fill, settings_for, wait_until
from server import get, running, start

from retrieval.workspace import Workspace

SLOW = """
import time
from pathlib import Path
from retrieval.encoders.fake import FakeEncoder
quick = FakeEncoder.encode_texts
def encode_texts(self, texts):
    Path("encoding").touch()
    time.sleep(1)
    return quick(self, texts)
FakeEncoder.encode_texts = encode_texts
"""

LOADING = """
import time
from pathlib import Path
import retrieval.encoders.registry
def load(*arguments, **options):
    Path("loading").touch()
    time.sleep(600)
retrieval.encoders.registry.load_encoder = load
"""


@pytest.fixture
def folder(tmp_path):
    with Workspace(settings_for(tmp_path)) as workspace:
        fill(workspace, tmp_path)
    return tmp_path


def test_serves_and_stops_on_sigterm(folder):
    with running(folder) as (server, url):
        wait_until(lambda: get(f"{url}/readyz")[0] == 200)
        status, found = get(f"{url}/v1/collections/photos/search?q=red&k=1")
        assert (status, found["hits"][0]["attributes"]["colour"]) == (200, "red")
        assert get(f"{url}/nothing")[1]["error"]["code"] == "not_found"
        large = httpx2.post(f"{url}/v1/collections/photos/search/image", files={"image": bytes(2_000_000)})
        assert large.status_code == 422  # and a thread that the framework has written it to a file with
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=20)
        assert server.returncode == 0, err
        assert "Traceback" not in err
        assert "warning" not in err
        assert "still being loaded" not in err


def test_finishes_what_runs_before_it_stops(folder):
    with running(folder, before=SLOW) as (server, url):
        wait_until(lambda: get(f"{url}/readyz")[0] == 200)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(get(f"{url}/v1/collections/photos/search?q=red")))
        asking.start()
        wait_until((folder / "encoding").exists)
        server.send_signal(signal.SIGINT)
        asking.join()
        assert answers[0][0] == 200
        _, err = server.communicate(timeout=20)
        assert server.returncode == 0, err
        assert "Traceback" not in err


def test_does_not_wait_for_a_model_that_is_loading(folder):
    with running(folder, before=LOADING, RETRIEVAL_API_SHUTDOWN_GRACE_S="500") as (server, _):
        wait_until((folder / "loading").exists)
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=120)
    assert server.returncode == 0, err
    assert "a model was still being loaded" in err


def refused(folder, *arguments, **environment) -> tuple[int, str]:
    server = start(folder, *arguments, **environment)
    out, err = server.communicate(timeout=60)
    assert out == ""
    return server.returncode, err


def test_a_port_that_is_taken(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, message = refused(folder, "--port", str(port))
    assert (code, message) == (
        1, f"error: port {port} of 127.0.0.1 is taken: stop what listens there, or choose another one with --port\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "port", "message"),
    [
        (["--host", "no such host"], "0", "error: cannot listen on 'no such host': "),
        (["--collection", "nope", "--data-dir", "data"], "0", "error: no collection 'nope': there is photos"),
        (["--data-dir", "data/catalogue.sqlite3"], "0", "error: cannot create the "),
        ([], "http", "error: RETRIEVAL_API_PORT: "),
    ],
)
def test_what_cannot_be_served_is_one_line(folder, arguments, port, message):
    code, err = refused(folder, *arguments, RETRIEVAL_API_PORT=port)
    assert code in (1, 2)
    assert err.startswith(message)
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status", "warning"),
    [(["--no-auth"], 200, "there is no authentication"), ([], 401, "requests need a key and there is none yet")],
)
def test_where_others_can_connect_a_key_is_needed_unless_told_otherwise(folder, arguments, status, warning):
    with running(folder, "--host", "0.0.0.0", *arguments) as (server, url):
        assert url.startswith("http://0.0.0.0:")
        assert get(f"{url}/v1/jobs")[0] == status
        server.send_signal(signal.SIGTERM)
        assert warning in server.communicate(timeout=20)[1]


def test_help_is_quick_to_import():
    heavy = ["torch", "fastapi", "uvicorn", "pydantic", "numpy", "sqlalchemy"]
    loaded = f"import sys, api.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
