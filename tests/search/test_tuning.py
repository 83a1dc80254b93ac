"""Tuning: graphs are built anew for other parameters and for real queries, or everything stays as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import run_cli, save_picture, unit_vectors

from retrieval.errors import RecallError
from retrieval.index import compaction
from retrieval.metadata import generations, query_samples
from retrieval.settings import Settings
from retrieval.tuning import tune
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 12
VECTORS = unit_vectors(400, DIM, seed=1)
QUERIES = unit_vectors(1_000, DIM, seed=2)
INDEX = IndexParams(HnswParams(8, 40), "full", target_recall=0.9)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setattr(compaction, "EXACT_ROWS", 100)
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        made = workspace.create("c", external_spec("test", DIM), ModelReference("external"), index=INDEX)
        made.add_vectors([f"d{row}" for row in range(300)], VECTORS[:300])
        made.compact()
        made.add_vectors([f"d{row}" for row in range(300, 400)], VECTORS[300:])
        yield workspace


def stored(collection):
    with collection.database.read() as connection:
        return (
            generations.current(connection, collection.info.id),
            query_samples.all_of_them(connection, collection.info.id, DIM),
        )


def test_queries_are_kept_and_graphs_built_and_measured_with_them(workspace):
    collection = workspace.open("c")
    tuned = tune(collection, index=replace(INDEX, storage="sq8"), queries=QUERIES)
    assert tuned.rebuilt == ("image",)
    for certificate in (tuned.before["image"], tuned.after["image"]):  # one query in four is kept for measuring
        assert certificate.curve("text").queries == 250
    generation, queries = stored(collection)
    np.testing.assert_array_equal(queries, QUERIES)
    (segment,) = generation.segments
    assert (segment.rows, segment.codes.quantiser) == (400, "sq8")
    again = workspace.open("c")
    assert again.info.index.storage == "sq8"
    plan = again.search(vector=VECTORS[350], k=5, ef_search=50).plan
    assert (plan.strategy, plan.ef_search, plan.certified_at) == ("hnsw", 50, 10)
    assert again.compact() == 0


def test_defaults_alone_rebuild_nothing(workspace):
    collection = workspace.open("c")
    before, _ = stored(collection)
    tuned = tune(collection, index=replace(INDEX, ef_search=99, target_recall=0.8))
    assert tuned.rebuilt == ()
    assert stored(collection)[0] == before
    assert (workspace.open("c").info.index.ef_search, workspace.open("c").info.index.target_recall) == (99, 0.8)


def test_what_misses_the_target_changes_nothing(workspace):
    collection = workspace.open("c")
    before, _ = stored(collection)
    with pytest.raises(RecallError, match="stays so"):
        tune(collection, index=IndexParams(HnswParams(4, 8), "rq4@1", target_recall=0.999), queries=QUERIES)
    after, queries = stored(collection)
    assert after == before
    assert len(queries) == 0
    assert workspace.open("c").info.index == INDEX


def test_the_command_takes_lines_of_text(tmp_path):
    save_picture(tmp_path / "photos" / "red.png", (220, 40, 40))
    run_cli("index", "photos", "-c", "c", "--model", "fake", cwd=tmp_path)
    (tmp_path / "queries.txt").write_text("a red shirt\n\nblue\n")
    told = run_cli("tune", "-c", "c", "--queries", "queries.txt", "--target-recall", "0.9", cwd=tmp_path).stdout
    assert "2 queries kept" in told
    assert "target recall 0.9" in run_cli("status", cwd=tmp_path).stdout
    (tmp_path / "queries.txt").write_text("\n")
    for options, message in (((), "nothing to tune"), (("--queries", "queries.txt"), "has no queries")):
        done = run_cli("tune", "-c", "c", *options, cwd=tmp_path, check=False)
        assert (done.returncode, message in done.stderr) == (2, True)
