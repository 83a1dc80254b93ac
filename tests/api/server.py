"""`retrieval serve` as a process, and plain HTTP to it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

QUICK = """
import api.jobs.events, api.jobs.runner, api.jobs.upkeep
api.jobs.events.LOOK_S = api.jobs.runner.LOOK_S = api.jobs.runner.RENEW_S = 0.1
api.jobs.upkeep.LOOK_S = 0.2
"""
"""To be run before a server: it looks after its jobs more often, so that a test waits less."""


def start(folder, *arguments, before: str = "", **environment) -> subprocess.Popen:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RETRIEVAL_")}
    return subprocess.Popen(
        [sys.executable, "-c", f"{before}\nfrom retrieval.cli import main\nmain()", "serve", *arguments],
        cwd=folder,
        env={**inherited, "COLUMNS": "300", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(folder, *arguments, **options):
    """A server that listens, and its address."""
    server = start(folder, "--port", "0", "--data-dir", str(folder / "data"), *arguments, **options)
    try:
        line = server.stdout.readline()
        found = re.search(r"listening on (http://\S+)", line)
        assert found, line + server.stderr.read()
        yield server, found[1]
    finally:
        server.kill()
        sys.stderr.write(server.communicate()[1])  # for whoever reads why a test has failed


def get(url: str):
    return _ask(urllib.request.Request(url))


def post(url: str, body: object = None):
    data = b"" if body is None else json.dumps(body).encode()
    return _ask(urllib.request.Request(url, data, {"content-type": "application/json"}))


def follow(url: str):
    """The events of a job: name and data of each, comments left out, until the stream ends."""
    with urllib.request.urlopen(f"{url}/events", timeout=30) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in stream:
            field, _, value = line.decode().strip().partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)


def _ask(request: urllib.request.Request):
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)
