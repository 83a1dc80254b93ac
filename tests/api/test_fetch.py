"""Fetching images by URL: from public hosts only, whatever names, redirects and resolvers say."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from api_service import error, fill_vectors, serving, settings_for
from httpcore2 import AnyIOBackend

from api.errors import ApiError
from api.security.fetch import ImageFetcher
from api.security.network import PublicNetwork, is_public
from retrieval.workspace import Workspace

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True), ("2606:4700::1111", True), ("::ffff:93.184.215.14", False),
        ("10.0.0.1", False), ("172.16.0.1", False), ("192.168.1.1", False), ("127.0.0.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("239.1.1.1", False),
        ("240.0.0.1", False), ("255.255.255.255", False), ("192.0.2.1", False), ("198.18.0.1", False),
        ("::", False), ("::1", False), ("fe80::1", False), ("fec0::1", False), ("fc00::1", False), ("fd00::1", False),
        ("ff02::1", False), ("ff0e::1", False), ("2001:db8::1", False), ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False), ("::127.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address, public):
    assert is_public(ip_address(address)) is public


class Loopback(AnyIOBackend):
    """Connects to a server of this machine in place of the checked address, which it notes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.asked.append(host)
        return await super().connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


@contextmanager
def web_server():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path
            self.send_response(302 if path.startswith("/to/") else 404 if path == "/none" else 200)
            if path.startswith("/to/"):
                self.send_header("Location", path.removeprefix("/to/"))
            self.end_headers()
            if path == "/slow":
                stop.wait(10)
            self.wfile.write(b"x" * 1_000 if path == "/large" else b"picture")

        def log_message(self, *_):
            pass

    stop = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            stop.set()
            server.shutdown()


def fetch(url: str, names: dict[str, list[list[str]]]) -> tuple[bytes | str, list[str]]:
    """What comes, or the message of the refusal, and where connections went; names give one answer after the other."""

    async def resolve(host, port):
        return names[host].pop(0) if len(names[host]) > 1 else names[host][0]

    with web_server() as port:
        inner = Loopback(port)
        fetcher = ImageFetcher(max_bytes=500, timeout_s=0.5, network=PublicNetwork(resolve, inner))
        try:
            return asyncio.run(fetcher.fetch(url)), inner.asked
        except ApiError as refused:
            return refused.message, inner.asked


NAMES = {"shop.example": [[PUBLIC]], "inside.example": [["10.0.0.7"]], "both.example": [[PUBLIC, "127.0.0.1"]]}
NOT_PUBLIC = "image_url cannot be fetched from a public host"


@pytest.mark.parametrize(
    ("url", "found", "connections"),
    [
        ("http://shop.example/a.jpg", b"picture", 1),
        ("http://shop.example/to//b.jpg", b"picture", 1),
        ("http://shop.example/none", "image_url is answered with 404", 1),
        ("http://shop.example/large", "image_url has more than 500 bytes", 1),
        ("http://shop.example/slow", "image_url did not arrive within 0.5 s", 1),
        ("http://shop.example/to/http://inside.example/", NOT_PUBLIC, 1),
        ("http://shop.example/to/file:///etc/passwd", "image_url is not an address of http or https", 1),
        ("http://shop.example/to//to//to//to//to//a", "image_url is redirected more than 3 times", 1),
        ("http://inside.example/", NOT_PUBLIC, 0),
        ("http://both.example/", NOT_PUBLIC, 0),
        ("ftp://shop.example/a.jpg", "image_url is not an address of http or https", 0),
        ("http://me:secret@shop.example/", "image_url holds a user name: leave it out", 0),
    ],
)
def test_what_is_fetched_and_what_refused(url, found, connections):
    answer, asked = fetch(url, NAMES)
    assert answer == found
    assert set(asked) <= {PUBLIC}
    assert min(len(asked), 1) == connections


def test_a_name_that_changes_its_address_is_connected_where_it_was_checked():
    assert fetch("http://rebound.example/", {"rebound.example": [[PUBLIC], ["127.0.0.1"]]}) == (b"picture", [PUBLIC])


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "[::1]", "2130706433", "[::ffff:127.0.0.1]"])
def test_the_service_fetches_when_it_is_told_to_and_never_from_itself(tmp_path, address):
    with Workspace(settings_for(tmp_path)) as workspace:
        fill_vectors(workspace)
    body = {"image_url": f"http://{address}:1/a.jpg"}
    with serving(settings_for(tmp_path), fetch_image_urls=True) as client:
        problem = error(client.post("/v1/collections/vectors/search", json=body), 422)
        assert (problem["code"], problem["message"]) == ("invalid_image_url", NOT_PUBLIC)
    with serving(settings_for(tmp_path)) as client:
        problem = error(client.post("/v1/collections/vectors/search", json=body), 422)
        assert "this server fetches no images" in problem["message"]
