"""Plans: predicted bytes are those of real files, and the way that is recommended is one that fits."""

from __future__ import annotations

import doctest
from dataclasses import replace

import numpy as np
import pytest
from helpers import run_cli, unit_vectors

from retrieval import quantities
from retrieval.errors import InputError
from retrieval.index.segment import resident_bytes, total_bytes, write_segment
from retrieval.index.sizes import Footprint, predict_footprint
from retrieval.index.storage import GraphPlan, parse_storage
from retrieval.planning.plan import Way, best_of, plan_index
from retrieval.planning.sample import made_sample
from retrieval.settings import Settings
from retrieval.types import CodeParams, HnswParams

ROWS, DIM = 2_000, 64


@pytest.mark.parametrize("m", [8, 32])
@pytest.mark.parametrize("storage", ["full", "fp16", "fp16@24", "sq8", "sq8@24", "rq4"])
def test_predicted_bytes_are_those_of_files(tmp_path, storage, m):
    plan = GraphPlan(HnswParams(m, 8), storage)
    written = write_segment(tmp_path, "image", np.arange(ROWS), unit_vectors(ROWS, DIM), plan=plan)
    predicted = predict_footprint(ROWS, DIM, m, parse_storage(storage, DIM))
    assert predicted.resident == pytest.approx(resident_bytes(written), rel=0.05)
    assert predicted.disk == pytest.approx(total_bytes(written), rel=0.05)


@pytest.mark.parametrize(("memory", "quantiser"), [(None, "fp16"), (0.99, "sq8"), (0.01, "rq4")])
def test_auto_takes_the_finest_code_that_fits(tmp_path, memory, quantiser):
    """`memory` is a share of what halves take."""
    halves = predict_footprint(ROWS, DIM, 8, CodeParams(DIM, "fp16")).resident
    plan = GraphPlan(HnswParams(8, 8), "auto", memory=memory and int(memory * halves))
    written = write_segment(tmp_path, "image", np.arange(ROWS), unit_vectors(ROWS, DIM), plan=plan)
    assert written.codes == CodeParams(DIM, quantiser)


def test_the_setting_is_in_bytes(monkeypatch):
    monkeypatch.setenv("RETRIEVAL_INDEX_MEMORY", "16GB")
    assert Settings().index_memory == 16 * 10**9
    monkeypatch.setenv("RETRIEVAL_INDEX_MEMORY", "much")
    with pytest.raises(InputError, match="'much' is not a size"):
        Settings()


def test_a_plan_of_a_sample():
    sample = made_sample(32, rows=1_000)
    full = predict_footprint(10**6, 32, 32, None).resident
    planned = plan_index(sample, count=10**6, memory=full - 1, target_recall=0.9, ef_construction=40)
    assert {way.storage for way in planned.ways} >= {"full", "fp16", "sq8", "rq4"}
    assert planned.loss(planned.ways[0]) == 0
    assert planned.ways[0].ef_search == planned.ef_search
    assert not planned.ways[0].fits
    assert planned.best.fits
    assert planned.best.ef_search is not None
    assert plan_index(sample, count=10**6, memory=1, ef_construction=8).best is None


def way(storage, resident, recall, *, reaches=True, fits=True):
    return Way(storage, 32, Footprint(resident, resident), 1.0, recall, 64 if reaches else None, 100.0, fits)


def test_the_smallest_of_those_that_find_about_as_much_is_recommended():
    full, half, small = way("full", 100, 0.99), way("fp16", 60, 0.989), way("rq4", 20, 0.95)
    assert best_of([full, half, small]) is half
    assert best_of([full, replace(half, fits=False), small]) is full
    assert best_of([replace(full, fits=False), replace(half, fits=False), small]) is small
    assert best_of([replace(full, ef_search=None), replace(half, ef_search=None), small]) is small
    assert best_of([replace(small, fits=False)]) is None


def test_quantities():
    assert doctest.testmod(quantities).failed == 0
    assert [quantities.parse_count(text) for text in ("7", "1,000", "10k", "10M", "1.5B")] == [
        7, 1_000, 10_000, 10_000_000, 1_500_000_000,
    ]  # fmt: skip
    assert [quantities.parse_bytes(text) for text in ("16GB", "16 GiB", "512mb", "9")] == [
        16 * 10**9, 16 * 2**30, 512 * 10**6, 9,
    ]  # fmt: skip
    for parse in (quantities.parse_count, quantities.parse_bytes):
        for text in ("", "ten", "-5", "1e6", "5XB", "0"):
            with pytest.raises(InputError, match=r"is (not|nothing)"):
                parse(text)


def test_mistakes_are_told(tmp_path):
    for arguments, message in (
        (("--count", "10Q", "--dim", "64"), "'10Q' is not a count such as"),
        (("--count", "10M"), "give --dim"),
        (("--count", "10M", "--dim", "64", "--memory", "lots"), "'lots' is not a size such as 16GB"),
    ):
        done = run_cli("plan", *arguments, cwd=tmp_path, check=False)
        assert (done.returncode, message in done.stderr) == (2, True)
