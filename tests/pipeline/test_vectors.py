"""Vectors that were computed elsewhere, in clip-retrieval's layout."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import run_cli, unit_vectors

from retrieval.settings import Settings
from retrieval.workspace import Workspace

VECTORS = unit_vectors(30, 8)


@pytest.fixture
def folder(tmp_path):
    for part in ("img_emb", "metadata"):
        (tmp_path / "out" / part).mkdir(parents=True)
    for shard in range(2):
        rows = range(shard * 15, shard * 15 + 15)
        np.save(tmp_path / f"out/img_emb/img_emb_{shard}.npy", VECTORS[rows].astype(np.float16))
        columns = {
            "image_path": [f"images/{row}.jpg" for row in rows],
            "caption": [f"thing {row}" for row in rows],
            "kind": ["even" if row % 2 == 0 else None for row in rows],
        }
        pq.write_table(pa.table(columns), tmp_path / f"out/metadata/metadata_{shard}.parquet")
    return tmp_path / "out"


def test_vectors_are_searchable_through_a_graph_with_their_metadata(folder, tmp_path):
    options = ("--m", "8", "--storage", "sq8", "--target-recall", "0.9")
    assert "30 vectors imported" in run_cli("import-vectors", str(folder), "-c", "clip", *options, cwd=tmp_path).stdout
    run_cli("compact", "-c", "clip", "--exact-rows", "0", cwd=tmp_path)
    with Workspace(Settings(data_dir=tmp_path / "retrieval-data", database_url=None)) as workspace:
        result = workspace.open("clip").search(vector=VECTORS[21], k=3, ef_search=64)
        assert result.plan.strategy == "hnsw"
        assert [hit.doc_id for hit in result.hits[:1]] == ["images/21.jpg"]
        assert result.hits[0].captions == ("thing 21",)
        filtered = workspace.open("clip").search(vector=VECTORS[21], k=30, filter='kind = "even"')
        assert {hit.attributes["kind"] for hit in filtered.hits} == {"even"}
        assert len(filtered.hits) == 15

    def similar(*options, check=True):
        return run_cli("similar", "images/3.jpg", "-c", "clip", "-k", "5", *options, cwd=tmp_path, check=check)

    certified = r"hnsw, ef_search 16, recall@10 [01]\.\d{3} \([-.0-9]+\) certified over 30 images"
    assert re.search(certified, similar("--ef-search", "16").stdout)
    assert "ef_search 6 (raised from 3) over 30" in similar("--ef-search", "3").stdout  # itself is left out
    assert "images/" in similar("--target-recall", "0.99").stdout
    told = similar("--target-recall", "0.99", "--ef-search", "16", check=False)
    assert (told.returncode, "give one of the two" in told.stderr) == (2, True)
    status = run_cli("status", cwd=tmp_path).stdout
    assert re.search(r"HNSW m=\d+, sq8@8, generation \d+; target recall 0.9", status)
    assert "searches of images, as measured over 30 vectors" in status
    told = run_cli("search", "a thing", "-c", "clip", cwd=tmp_path, check=False)
    assert (told.returncode, "made elsewhere" in told.stderr) == (1, True)


def test_a_folder_that_does_not_fit_is_refused_before_anything_is_made(folder, tmp_path):
    (folder / "metadata" / "metadata_1.parquet").unlink()
    told = run_cli("import-vectors", str(folder), "-c", "clip", cwd=tmp_path, check=False)
    assert told.returncode == 2
    assert "metadata_1.parquet is missing" in told.stderr
    assert "no collections" in run_cli("status", cwd=tmp_path).stdout
