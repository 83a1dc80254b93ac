"""What web pages can make a browser send to a service that only its own machine can reach."""

from __future__ import annotations

import pytest
from api_service import PHOTOS, error, fill_photos, serving, settings_for

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
    folder = tmp_path_factory.mktemp("catalogue")
    with Workspace(settings_for(folder)) as workspace:
        fill_photos(workspace, folder)
    return folder


@pytest.fixture(scope="module")
def local(folder):
    """On a loopback address, without keys."""
    with serving(settings_for(folder)) as client:
        yield client


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
