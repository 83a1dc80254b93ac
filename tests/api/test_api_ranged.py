"""Files of which parts can be asked for: snapshots, and those of Swagger UI."""

from __future__ import annotations

import pytest
from api_service import error, fill_vectors, serving, settings_for

from api.routes import snapshots as routes
from api.wire.ranged import RangedFile
from retrieval.workspace import Workspace


@pytest.mark.parametrize(("owner", "step"), [(routes, "path_of"), (RangedFile, "set_stat_headers")])
@pytest.mark.parametrize("range_", [None, "bytes=0-9", "bytes=0-9,20-29"])
def test_a_snapshot_that_is_deleted_before_its_first_byte_is_sent(snapshot, monkeypatch, owner, step, range_):
    client, path = snapshot
    whole = path.read_bytes()
    done = getattr(owner, step)

    def delete_then(*args):
        result = done(*args)
        path.unlink()
        return result

    address, headers = f"/v1/collections/vectors/snapshots/{path.stem}", {"Range": range_} if range_ else {}
    assert client.get(address, headers=headers).is_success
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, delete_then)
        assert error(client.get(address, headers=headers), 404)["code"] == "not_found"
    path.write_bytes(whole)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """The service over a collection with a snapshot, and the snapshot's file."""
    settings = settings_for(tmp_path_factory.mktemp("catalogue"))
    path = settings.data_dir / "snapshots" / "vectors-20261121T080000000000Z.tar"
    with Workspace(settings) as workspace:
        fill_vectors(workspace)
        workspace.snapshot("vectors", path)
    with serving(settings) as client:
        yield client, path


def test_files_of_swagger_ui_come_in_parts_too(snapshot):
    client, _ = snapshot
    address = "/docs/swagger-ui.css"
    whole = client.get(address).content
    part = client.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    refused = client.get(address, headers={"Range": "bytes=9999999-"})
    assert error(refused, 416)["code"] == "invalid_range"
    assert refused.headers["content-range"] == f"bytes */{len(whole)}"
