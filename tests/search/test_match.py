"""Is the best hit a good match? Beside what the catalogue's own captions and pictures find."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import COLOURS, run_cli, save_picture, unit_vectors

from retrieval.opening import open_or_create
from retrieval.search.background import LEAST_SAMPLE, Background
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, ModelReference, external_spec
from retrieval.workspace import Workspace

DIM = 16


@pytest.fixture
def workspace(tmp_path):
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        yield workspace


def test_the_place_among_the_margins_by_hand():
    mean = np.array([0.5, 0.0], np.float32)
    background = Background(mean, np.linspace(0, 0.99, 100, dtype=np.float32), rows=100)
    query, best = np.array([0.6, 0.8], np.float32), np.array([0.0, 1.0], np.float32)
    good = background.place(query, best)  # margin (0.6 - 0.5) * 0 + 0.8 * 1 = 0.8
    assert good.percentile == pytest.approx(0.8, abs=0.011)
    assert not good.weak
    nothing = background.place(np.array([0.5, 0.0], np.float32), best)  # what any query would reach: margin 0
    assert (nothing.percentile, nothing.weak) == (0.0, True)


def test_a_text_about_what_is_not_there(workspace, tmp_path):
    pictures = {name: save_picture(tmp_path / f"{name}.png", COLOURS[name]) for name in ("red", "blue", "green")}
    collection = open_or_create(workspace, "c", ModelReference("fake"))
    names = [list(pictures)[number % 3] for number in range(LEAST_SAMPLE)]
    collection.add(
        [
            CatalogRecord(f"{number}", str(pictures[name]), (f"a {name} thing, number {number}",))
            for number, name in enumerate(names)
        ]
    )
    assert not collection.search("a red thing").match.weak
    unknown = collection.search("the annual report of a bank")
    assert unknown.hits
    assert unknown.match.weak
    told = run_cli("search", "the annual report of a bank", "-c", "c", "--data-dir", "data", cwd=tmp_path).stdout
    assert "no good match" in told
    assert "no good match" not in run_cli("search", "red", "-c", "c", "--data-dir", "data", cwd=tmp_path).stdout
    mixed = collection.search("a red thing", image=pictures["red"])
    assert mixed.match is None


def test_a_picture_like_no_other(workspace):
    rng = np.random.default_rng(0)
    crowd = np.eye(DIM)[0] + 0.1 * rng.normal(size=(150, DIM))
    collection = workspace.create("c", external_spec("test", DIM), ModelReference("external"))
    collection.add_vectors(["outlier", *map(str, range(150))], np.vstack([np.eye(DIM)[5], crowd]).astype(np.float32))
    assert collection.similar("outlier").match.weak
    assert not collection.similar("7").match.weak
    assert collection.search(vector=crowd[3]).match is None


def test_few_vectors_tell_nothing_and_a_grown_collection_is_sampled_anew(workspace):
    collection = workspace.create("c", external_spec("test", DIM), ModelReference("external"))
    vectors = unit_vectors(4 * LEAST_SAMPLE, DIM)
    collection.add_vectors([f"a{row}" for row in range(LEAST_SAMPLE - 1)], vectors[: LEAST_SAMPLE - 1])
    assert collection.similar("a0").match is None
    collection.add_vectors(["b"], vectors[-1:])
    before = collection.similar("a0").match
    assert before is not None
    twins = np.repeat(vectors[LEAST_SAMPLE : 3 * LEAST_SAMPLE], 2, axis=0)
    collection.add_vectors([f"c{row}" for row in range(len(twins))], twins)
    assert collection.similar("a0").match.percentile < before.percentile
