"""A body that stops coming is given up; one that has come is not."""

from __future__ import annotations

import json
import socket

from api_service import fill_vectors, settings_for
from server import running

from retrieval.workspace import Workspace


def test_half_an_upload_is_answered_and_its_connection_closed(tmp_path):
    with Workspace(settings_for(tmp_path)) as workspace:
        fill_vectors(workspace)
    with running(tmp_path, RETRIEVAL_API_UPLOAD_TIMEOUT_S="0.5") as (_, url):
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30) as client:
            client.sendall(
                b"POST /v1/collections/vectors/search HTTP/1.1\r\nHost: localhost\r\n"
                b'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"doc_id": '
            )
            head, _, body = b"".join(iter(lambda: client.recv(65_536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["error"]["code"] == "request_timeout"
