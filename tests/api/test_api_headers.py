"""What browsers are told: headers of every answer, other origins, the documentation page."""

from __future__ import annotations

import re

import pytest
from api_service import PHOTOS, fill_photos, serving, settings_for

from api.security.headers import HEADERS
from retrieval.collection import Collection
from retrieval.workspace import Workspace

SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogue")
    with Workspace(settings_for(folder)) as workspace:
        fill_photos(workspace, folder)
    with serving(settings_for(folder), cors_origins=(SHOP,), max_json_bytes=2_000) as client:
        yield client


def test_every_answer_has_them(client, monkeypatch):
    monkeypatch.setattr(Collection, "get", lambda *_: 1 / 0)
    answers = [
        client.get("/healthz"),
        client.get("/nothing"),
        client.get("/v1/collections"),
        client.get(f"{PHOTOS}/item?doc_id=red/0.png"),
        client.post(f"{PHOTOS}/search", content=b"x" * 3_000),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 200, 500, 413]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_only_the_named_origins_may_read(client):
    asked = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key, x-timeout-ms",
    }
    assert client.options(f"{PHOTOS}/search", headers=asked).status_code == 200
    answer = client.get("/healthz", headers={"Origin": SHOP})
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
    other = client.get("/healthz", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers
    assert client.options(f"{PHOTOS}/search", headers={**asked, "Origin": "https://other.example"}).status_code == 400


def test_the_documentation_page_loads_its_own_files_only(client):
    page = client.get("/docs")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert not re.search(r"<script>|<script [^>]*>[^<]|//", page.text)
    loaded = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', page.text)
    assert len(loaded) == 3
    for path in loaded:
        asset = client.get(f"/{path}")
        assert asset.status_code == 200
        assert asset.headers["content-type"].startswith("text/javascript" if path.endswith("js") else "text/css")
    assert client.get("/docs/../../etc/passwd").status_code == 404
    assert client.get("/docs/redoc.standalone.js").status_code == 422
