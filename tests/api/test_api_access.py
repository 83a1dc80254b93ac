"""Who is let in: keys, scopes and rates, and what web pages can make a browser send to a service of its own machine."""

from __future__ import annotations

import pytest
from api_service import PHOTOS, error, photos_in, serving, settings_for
from fastapi.routing import iter_route_contexts

from api.app import create_app
from api.security.scopes import ROUTES, needed_for
from api.settings import ApiSettings
from retrieval.metadata import api_keys
from retrieval.workspace import Workspace

OWN_NAMES = [
    "127.0.0.1", "127.0.0.1:8000", "localhost:80", "LOCALHOST", "localhost.", "app.localhost", "[::1]:8000",
    "127.1.2.3",
]  # fmt: skip
OTHER_NAMES = [
    "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "", "[", "10.0.0.1",
    "@localhost@evil.example", "0.0.0.0",
]  # fmt: skip
OTHER_ORIGINS = ["https://evil.example", "http://127.0.0.1:9999", "http://127.0.0.1", "null", "http://evil.localhost"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return photos_in(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="module")
def workspace(folder):
    with Workspace(settings_for(folder)) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def client(folder):
    with serving(settings_for(folder), auth=True) as client:
        yield client


@pytest.fixture(scope="module")
def local(folder):
    """On a loopback address, without keys."""
    with serving(settings_for(folder)) as client:
        yield client


def make_key(workspace, name: str, scope: str) -> dict[str, str]:
    with workspace.database.write() as connection:
        return {"Authorization": f"Bearer {api_keys.create(connection, name=name, scope=scope)[1]}"}


def test_every_route_says_what_it_needs():
    routes = {
        (method, context.path)
        for context in iter_route_contexts(create_app().routes)
        for method in (context.methods or ()) - {"HEAD"}
    }
    assert len(routes) > 20
    for method, path in routes:
        assert f"{method} {path}" in ROUTES or needed_for(method, path) is None, "api/security/scopes.py lacks a route"


def test_without_a_key_only_health_and_documentation_are_served(client):
    for route in ROUTES:
        method, path = route.split(" ")
        response = client.request(method, path.replace("{asset}", "start.js"))
        assert (response.status_code == 401) == (ROUTES[route] is not None), route
    refused = client.get("/v1/collections")
    assert error(refused, 401)["code"] == "key_required"
    assert refused.headers["www-authenticate"] == 'Bearer realm="retrieval"'
    assert error(client.get("/v1/nothing"), 404)["code"] == "not_found"
    assert client.delete("/v1/jobs").headers["allow"] == "GET"


def test_a_key_opens_what_its_scope_allows_and_nothing_once_it_is_revoked(client, workspace):
    reader, writer = make_key(workspace, "reader", "read"), make_key(workspace, "writer", "write")
    assert client.get("/v1/jobs", headers=reader).status_code == 200
    assert client.get("/v1/jobs", headers={"X-Api-Key": reader["Authorization"][7:]}).status_code == 200
    refused = client.post("/v1/jobs/1/cancel", headers=reader)
    assert error(refused, 403)["detail"] == {"scope": "write"}
    assert 'error="insufficient_scope", scope="write"' in refused.headers["www-authenticate"]
    assert client.post("/v1/jobs/1/cancel", headers=writer).status_code == 404
    with workspace.database.write() as connection:
        api_keys.revoke(connection, "reader")
    assert error(client.get("/v1/jobs", headers=reader), 401)["code"] == "invalid_key"


def test_a_body_without_a_key_is_not_read(client):
    async def unread():
        raise AssertionError("the body was read")

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": f"{PHOTOS}/search", "headers": [], "query_string": b""}
    client.portal.call(client.app, scope, unread, send)
    assert sent[0]["status"] == 401


@pytest.mark.parametrize(
    ("host", "auth", "needed"),
    [
        ("127.0.0.1", None, False),
        ("::1", None, False),
        ("localhost", None, False),
        ("0.0.0.0", None, True),
        ("", None, True),
        ("shop.example", None, True),
        ("127.0.0.1", True, True),
        ("0.0.0.0", False, False),
    ],
)
def test_when_a_key_is_needed(host, auth, needed):
    assert ApiSettings(host=host, auth=auth).requires_key is needed


def test_each_key_has_a_rate_of_its_own(folder, workspace):
    first, second = make_key(workspace, "first", "read"), make_key(workspace, "second", "read")
    with serving(settings_for(folder), auth=True, rate_limit="2/hour") as client:
        left = [client.get("/v1/jobs", headers=first).headers["ratelimit-remaining"] for _ in range(2)]
        assert left == ["1", "0"]
        refused = client.get("/v1/jobs", headers=first)
        assert error(refused, 429)["code"] == "too_many_requests"
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert refused.headers["ratelimit-limit"] == "2"
        assert client.get("/v1/jobs", headers=second).status_code == 200
        assert client.get("/healthz").status_code == 200
    with serving(settings_for(folder), rate_limit="1/hour") as client:
        assert [client.get("/v1/jobs").status_code for _ in range(2)] == [200, 429], "by address where no key is needed"


# -------------------------------------------------------------- where no key is needed: names and origins


@pytest.mark.parametrize("host", OWN_NAMES)
def test_it_is_asked_by_its_own_names(local, host):
    assert local.get("/v1/collections", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", OTHER_NAMES)
def test_other_names_that_lead_to_it_are_refused(local, host):
    for path in ("/v1/collections", "/metrics", "/healthz", f"{PHOTOS}/search?q=red", "/nothing"):
        assert error(local.get(path, headers={"host": host}), 421)["code"] == "misdirected_request"


@pytest.mark.parametrize("origin", OTHER_ORIGINS)
def test_other_pages_send_nothing(local, origin, folder):
    picture = (folder / "pictures" / "red" / "0.png").read_bytes()
    headers = {"origin": origin}
    refused = [
        local.post(f"{PHOTOS}/search/image", files={"image": picture}, headers=headers),
        local.post(f"{PHOTOS}/search", json={"text": "red"}, headers=headers),
        local.post("/v1/jobs/1/cancel", headers=headers),
    ]
    assert [error(one, 403)["code"] for one in refused] == ["foreign_origin"] * 3


def test_own_pages_and_programs_send(local):
    for headers in ({}, {"origin": "http://127.0.0.1:8000"}, {"origin": "HTTP://127.0.0.1:8000"}):
        assert local.post(f"{PHOTOS}/search", json={"text": "red"}, headers=headers).status_code == 200
    assert local.get(f"{PHOTOS}/search?q=red", headers={"origin": "https://evil.example"}).status_code == 200


def test_names_and_origins_can_be_allowed(folder):
    allowed = {"allowed_hosts": ("Images.Example",), "cors_origins": ("https://shop.example",)}
    with serving(settings_for(folder), **allowed) as client:
        for host in ("images.example", "IMAGES.example:443", "127.0.0.1"):
            assert client.get("/v1/collections", headers={"host": host}).status_code == 200
        assert client.get("/v1/collections", headers={"host": "shop.example"}).status_code == 421
        for origin in ("https://shop.example", "https://images.example"):
            sent = client.post(f"{PHOTOS}/search", json={"text": "red"}, headers={"origin": origin})
            assert sent.status_code == 200
        refused = client.post(f"{PHOTOS}/search", json={"text": "red"}, headers={"origin": "https://evil.example"})
        assert refused.status_code == 403


def test_where_keys_are_needed_names_do_not_matter_unless_they_are_listed(folder):
    headers = {"host": "anything.example", "origin": "https://evil.example"}
    with serving(settings_for(folder), auth=True) as client:
        assert client.post(f"{PHOTOS}/search", json={"text": "red"}, headers=headers).status_code == 401
    with serving(settings_for(folder), host="0.0.0.0", auth=False) as client:
        assert client.get("/v1/collections", headers=headers).status_code == 200
        assert client.post(f"{PHOTOS}/search", json={"text": "red"}, headers=headers).status_code == 403
    with serving(settings_for(folder), host="0.0.0.0", allowed_hosts=("images.example", "127.0.0.1")) as client:
        assert client.get("/healthz", headers=headers).status_code == 421
