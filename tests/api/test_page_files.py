"""The files of the search page: what is served, what is shipped."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from api_service import serving, settings_for
from hatchling.builders.wheel import WheelBuilder

from api.page.assets import load_assets


def test_its_files_are_named_by_their_content_and_kept(tmp_path):
    with serving(settings_for(tmp_path)) as client:
        page = client.get("/")
        assert page.headers["cache-control"] == "no-cache"
        assert client.get("/", headers={"If-None-Match": page.headers["etag"]}).status_code == 304
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert not re.search(r"<script>|<style|\sstyle=|\son\w+=|//", page.text.replace('xmlns="http://', ""))
        loaded = re.findall(r'(?:src|href)="(page/[^"#]+)', page.text)
        assert len(set(loaded)) > 20
        for path in set(loaded):
            asset = client.get(f"/{path}")
            assert asset.status_code == 200, path
            assert "immutable" in asset.headers["cache-control"]
        assert client.get(loaded[0].replace(load_assets().version, "0" * 16)).status_code == 404


def test_the_wheel_has_its_files():
    root = Path(__file__).parents[2]
    wheel = {included.distribution_path for included in WheelBuilder(str(root)).recurse_included_files()}
    static = Path(str(files("api.page"))) / "static"
    assert {f"api/page/static/{path}" for path in load_assets().by_path} <= wheel
    assert len(load_assets().by_path) == sum(path.is_file() for path in static.rglob("*"))
