"""Duplicates: union-find by hand, groups against all pairs, files of the same bytes, the command."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from helpers import COLOURS, run_cli, save_picture, unit_vectors
from hypothesis import given
from hypothesis import strategies as st

from retrieval import duplicates
from retrieval.duplicates import DisjointSets, near_duplicates, same_bytes
from retrieval.errors import InputError
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 6


@pytest.fixture
def collection(tmp_path):
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        yield workspace.create("c", external_spec("test", DIM), ModelReference("external"))


def test_sets_by_hand():
    sets = DisjointSets(8)
    for one, other in ((5, 3), (1, 2), (3, 1), (7, 6), (6, 6)):
        sets.join(one, other)
    assert sets.groups() == [[1, 2, 3, 5], [6, 7]]
    assert DisjointSets(3).groups() == []


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_sets_are_the_connected_parts(pairs):
    sets = DisjointSets(12)
    reach = np.eye(12, dtype=bool)
    for one, other in pairs:
        sets.join(one, other)
        reach[one, other] = reach[other, one] = True
    for _ in range(4):  # 2^4 steps reach everything among 12
        reach = reach @ reach
    expected = {tuple(np.flatnonzero(row).tolist()) for row in reach if row.sum() > 1}
    assert {tuple(group) for group in sets.groups()} == expected


@pytest.mark.parametrize("min_score", [0.9, 0.99, 1.0])
def test_groups_are_those_of_all_pairs(collection, monkeypatch, min_score):
    """Batches and first lists shorter than the groups; 40 clones; some documents deleted."""
    monkeypatch.setattr(duplicates, "BATCH", 50)
    rng = np.random.default_rng(4)
    centres = unit_vectors(60, DIM, seed=5)
    vectors = np.vstack([centres, np.repeat(centres[:1], 40, axis=0), np.repeat(centres[1:40], 2, axis=0)])
    vectors[100:] += 0.15 * rng.random((78, 1)) * rng.normal(size=(78, DIM))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    collection.add_vectors([str(row) for row in range(len(vectors))], vectors)
    collection.delete(["61", "5"])
    alive = [row for row in range(len(vectors)) if row not in (61, 5)]
    sets = DisjointSets(len(alive))
    for one, other in np.argwhere(vectors[alive] @ vectors[alive].T >= min_score - 1e-6):
        sets.join(int(one), int(other))
    expected = {tuple(str(alive[row]) for row in group) for group in sets.groups()}
    seen = []
    found = near_duplicates(collection, min_score=min_score, on_progress=lambda done, total: seen.append((done, total)))
    assert {group.doc_ids for group in found} == expected
    assert [len(group.doc_ids) for group in found] == sorted((len(group) for group in expected), reverse=True)
    for group in found:
        rows = [int(doc_id) for doc_id in group.doc_ids]
        assert group.scores == pytest.approx((vectors[rows] @ vectors[rows[0]]).tolist(), abs=1e-6)
    assert seen == [(50, 176), (100, 176), (150, 176), (176, 176)]


def test_nothing_to_find(collection):
    assert near_duplicates(collection) == []
    collection.add_vectors(["a", "b"], np.eye(2, DIM, dtype=np.float32))
    assert near_duplicates(collection) == []
    assert same_bytes(collection) == []
    with pytest.raises(InputError, match="above 0"):
        near_duplicates(collection, min_score=0)


def test_the_command(tmp_path):
    for name in ("red", "blue"):
        save_picture(tmp_path / "pictures" / f"{name}.png", COLOURS[name])
    shutil.copy(tmp_path / "pictures" / "red.png", tmp_path / "pictures" / "red copy.png")
    save_picture(tmp_path / "pictures" / "red too.png", COLOURS["red"], seed=1)
    run_cli("index", "pictures", "-c", "c", "--model", "fake", cwd=tmp_path)

    by_bytes = json.loads(run_cli("duplicates", "-c", "c", "--by", "hash", "--json", cwd=tmp_path).stdout)
    assert by_bytes["by"] == "hash"
    assert [[one["doc_id"] for one in group] for group in by_bytes["groups"]] == [["red copy.png", "red.png"]]
    told = run_cli("duplicates", "-c", "c", "--sheet", "groups.jpg", cwd=tmp_path).stdout
    assert "1 group of 3 documents" in told
    assert "red too.png" in told
    assert "blue.png" not in told
    assert (tmp_path / "groups.jpg").read_bytes().startswith(b"\xff\xd8")
