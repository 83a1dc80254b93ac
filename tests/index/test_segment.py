"""Segments and files: durable, checksummed, mapped."""

from __future__ import annotations

import errno
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers import unit_vectors

from retrieval.errors import ConflictError, CorruptionError, DependencyError, StorageError
from retrieval.index import files
from retrieval.index.faiss_wheel import check_wheels
from retrieval.index.files import remove_others, write_file
from retrieval.index.generation import GenerationView
from retrieval.index.segment import Segment, damages, write_segment
from retrieval.index.storage import GraphPlan
from retrieval.index.topk import merge
from retrieval.segments import Generation
from retrieval.types import HnswParams, KnnResult

VECTORS = unit_vectors(300, 8)
KEYS = np.arange(1000, 1600, 2)


@pytest.fixture(
    params=[None, GraphPlan(HnswParams(8, 40), "full"), GraphPlan(HnswParams(8, 40), "sq8@6")],
    ids=["flat", "graph", "coded graph"],
)
def written(request, tmp_path):
    return write_segment(tmp_path, "image", KEYS, VECTORS, plan=request.param)


def test_a_segment_opens_with_what_was_written(written, tmp_path):
    segment = Segment(tmp_path, written)
    np.testing.assert_array_equal(segment.keys, KEYS)
    np.testing.assert_array_equal(segment.vectors(np.arange(300)), VECTORS)
    assert segment.has_graph == (written.hnsw is not None)
    np.testing.assert_array_equal(segment.exact.search(VECTORS[:3], k=1, ef_search=1).keys[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(segment.positions(np.array([1000, 1001, 1002, 5000])), [0, 1])


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is read ahead elsewhere")
def test_what_walks_through_a_graph_touch_is_read_ahead(written, tmp_path, monkeypatch):
    asked = Counter()

    def advise(descriptor, start, length, advice):
        role = Path(f"/proc/self/fd/{descriptor}").readlink().suffix[1:]
        assert (start, advice) == (asked[role], os.POSIX_FADV_WILLNEED)
        asked[role] += length

    monkeypatch.setattr(os, "posix_fadvise", advise)
    monkeypatch.setattr(files, "READ_AHEAD", 1_000)
    Segment(tmp_path, written)
    walked = {"keys", "graph", "basis", "codes"} if written.codes else {"keys", "graph", "vectors"}
    assert asked.keys() == (walked if written.hnsw else set())
    assert all(0 <= asked[file.role] - file.size < 1_000 for file in written.files if file.role in asked)


def test_any_flipped_bit_is_detected_and_the_file_named(written, tmp_path):
    assert damages(tmp_path, written) == []
    rng = np.random.default_rng(0)
    for file in written.files:
        path = tmp_path / file.name
        original = path.read_bytes()
        for place in rng.integers(0, len(original), 5):
            damaged = bytearray(original)
            damaged[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(damaged)
            (damage,) = damages(tmp_path, written)
            assert damage.file == file
        path.write_bytes(original)


def test_a_missing_or_shortened_file_is_told_when_opening(written, tmp_path):
    path = tmp_path / written.files[1].name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptionError, match="bytes instead of"):
        Segment(tmp_path, written)
    path.unlink()
    with pytest.raises(StorageError, match="missing"):
        Segment(tmp_path, written)


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    def write(path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match="no room"):
        write_file(tmp_path, "vectors", write)
    assert list(tmp_path.iterdir()) == []


def test_garbage_is_what_nothing_refers_to(written, tmp_path):
    (tmp_path / "left-over.unfinished").write_bytes(b"x")
    assert remove_others(tmp_path, [file.name for file in written.files]) == 1
    Segment(tmp_path, written)


def test_a_view_merges_segments_and_hides_dead_and_disallowed_keys(tmp_path):
    vectors = np.eye(4, dtype=np.float32)
    first = write_segment(tmp_path, "image", np.array([10, 11]), vectors[:2])
    second = write_segment(tmp_path, "image", np.array([20, 21]), vectors[2:])
    other = write_segment(tmp_path, "caption", np.array([12]), vectors[:1])
    segments = [Segment(tmp_path, info) for info in (first, second, other)]
    query = np.array([[0.8, 0.6, 0.5, 0.4]], np.float32)

    def found(dead=(), allowed=None, k=4):
        view = GenerationView(Generation(1), segments, np.array(dead, np.int64), revision=1)
        some = None if allowed is None else view.allow_keys("image", np.array(allowed))
        return view.search("image", query, k=k, ef_search=10, allowed=some).keys[0].tolist()

    assert found() == [10, 11, 20, 21]
    assert found(k=2) == [10, 11]
    assert found(dead=[10, 12]) == [11, 20, 21, -1]
    assert found(dead=[11], allowed=[11, 21, 999]) == [21, -1, -1, -1]
    assert found(allowed=[999]) == [-1] * 4
    view = GenerationView(Generation(1), segments, np.array([21]), revision=1)
    assert (view.rows("image"), view.rows("caption")) == (3, 1)
    np.testing.assert_array_equal(view.vectors(np.array([20, 10])), vectors[[2, 0]])
    assert view.allow_keys("image", np.array([10, 12, 21])).count == 1
    later = GenerationView(Generation(1), segments, np.array([21]), revision=2)
    with pytest.raises(ConflictError, match="filter it again"):
        later.search("image", query, k=1, ef_search=10, allowed=view.allow_keys("image", np.array([10])))


def test_merging_breaks_ties_by_the_lower_key():
    one = KnnResult(np.array([[7, 3]]), np.array([[0.5, 0.25]], np.float32))
    two = KnnResult(np.array([[2, 9]]), np.array([[0.5, 0.25]], np.float32))
    merged = merge([one, two], k=3)
    assert merged.keys.tolist() == [[2, 7, 3]]
    assert merge([one], k=3).keys.tolist() == [[7, 3, -1]]


def test_two_faiss_wheels_are_told_apart_from_one():
    check_wheels([])
    check_wheels(["faiss-cpu"])
    with pytest.raises(DependencyError, match=r"pip uninstall faiss-cpu faiss-gpu-cuvs"):
        check_wheels(["faiss-cpu", "faiss-gpu-cuvs"])
