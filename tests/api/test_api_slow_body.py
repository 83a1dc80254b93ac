"""A body that stops coming, or comes by drops, is given up; one that has come is not."""

from __future__ import annotations

import json
import select
import socket

import pytest
from api_service import fill_vectors, settings_for
from server import running

from retrieval.workspace import Workspace

HEAD = (
    b"POST /v1/collections/vectors/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n%s"
)
PART = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n\x89PNG'


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogue")
    with Workspace(settings_for(folder)) as workspace:
        fill_vectors(workspace)
    with running(folder, RETRIEVAL_API_UPLOAD_TIMEOUT_S="0.5") as (_, url):
        yield int(url.rpartition(":")[2])


@pytest.mark.parametrize("drop", [b"", b" "])
@pytest.mark.parametrize(
    "request_",
    [
        HEAD % (b"search", b"application/json", b'{"doc_id": '),
        HEAD % (b"items", b"multipart/form-data; boundary=x", PART),
    ],
)
def test_half_an_upload_is_answered_and_its_connection_closed(port, request_, drop):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(request_)
        while drop and not select.select([client], [], [], 0.05)[0]:
            client.sendall(drop)
        head, _, body = b"".join(iter(lambda: client.recv(65_536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    problem = json.loads(body)["error"]
    assert problem["code"] == "request_timeout"
    assert "did not arrive within 0.5 s: send it again" in problem["message"]
