"""Collections made, led to, deleted, snapshotted and restored with the command."""

from __future__ import annotations

import json

from helpers import COLOURS, run_cli, save_picture


def test_a_catalogue_is_replaced_and_brought_back(tmp_path):
    for name, colour in (("old", "red"), ("new", "blue")):
        save_picture(tmp_path / name / f"{colour}.png", COLOURS[colour])
    run_cli("create", "-c", "first", "--model", "fake", "--m", "16", cwd=tmp_path)
    run_cli("create", "-c", "second", "--like", "first", cwd=tmp_path)
    run_cli("alias", "put", "current", "-c", "first", cwd=tmp_path)
    assert "1 indexed" in run_cli("index", "old", "-c", "current", cwd=tmp_path).stdout
    run_cli("snapshot", "first.tar", "-c", "current", cwd=tmp_path)
    run_cli("alias", "put", "current", "-c", "second", cwd=tmp_path)
    run_cli("index", "new", "-c", "current", cwd=tmp_path)
    assert hits("current", tmp_path) == ["blue.png"]

    refused = run_cli("delete", "-c", "second", "--yes", cwd=tmp_path, check=False)
    assert refused.stderr == "error: aliases lead to 'second': current; delete it with them by force\n"
    run_cli("delete", "-c", "second", "--yes", "--force", cwd=tmp_path)
    assert json.loads(run_cli("alias", "list", "--json", cwd=tmp_path).stdout) == {"aliases": []}
    restored = run_cli("restore", "first.tar", "-c", "again", cwd=tmp_path).stdout
    assert restored == "restored 'again' with 1 documents and 0 captions\n"
    assert hits("again", tmp_path) == ["red.png"]
    again = run_cli("restore", "first.tar", cwd=tmp_path, check=False)
    assert (again.returncode, again.stderr) == (1, "error: there is already a collection named 'first'\n")


def hits(collection: str, folder) -> list[str]:
    found = json.loads(run_cli("search", "red", "-c", collection, "--json", cwd=folder).stdout)
    return [hit["doc_id"] for hit in found["hits"]]
