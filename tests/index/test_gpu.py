"""Graphs from the GPU: all but CUDA itself on any machine, and the real thing where there is one."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from fake_gpu import FakeGpuFaiss
from helpers import recall_of, unit_vectors

from retrieval.certificate import Certificate, Curve, Point, Recall
from retrieval.errors import DependencyError, GpuError, InputError
from retrieval.index import crossings, gpu
from retrieval.index.faiss_wheel import faiss
from retrieval.index.hnsw import HnswIndex
from retrieval.index.segment import Segment, write_segment
from retrieval.index.storage import GraphPlan
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

ROWS, DIM = 2_000, 16
VECTORS = unit_vectors(ROWS, DIM)
QUERIES = unit_vectors(300, DIM, seed=1)
PARAMS = HnswParams(16, 60)


@pytest.fixture
def with_gpu(monkeypatch):
    """A FAISS with a GPU in the place of the one that is installed; few rows are enough for it."""

    def install(**how) -> FakeGpuFaiss:
        fake = FakeGpuFaiss(**how)
        monkeypatch.setattr(gpu, "faiss", fake)
        monkeypatch.setattr(gpu, "LEAST_ROWS", 1_000)
        return fake

    return install


def links_of(graph, node: int, level: int) -> list[int]:
    hnsw = graph.hnsw
    start = faiss.vector_to_array(hnsw.offsets)[node] + hnsw.cum_nb_neighbors(level)
    links = faiss.vector_to_array(hnsw.neighbors)[start : start + hnsw.nb_neighbors(level)]
    return links[links >= 0].tolist()


def test_the_graph_has_the_layers_and_links_of_cagra_and_room_for_as_many_again(with_gpu):
    fake = with_gpu()
    graph = gpu.build_graph_on_gpu(VECTORS, PARAMS)
    (cagra,) = fake.built
    assert cagra.metric == faiss.METRIC_L2
    assert vars(cagra.config) == {
        "graph_degree": 16,
        "intermediate_graph_degree": 64,
        "build_algo": "nn-descent",
        "guarantee_connectivity": True,
    }
    levels = faiss.vector_to_array(cagra.graph.hnsw.levels)
    np.testing.assert_array_equal(faiss.vector_to_array(graph.hnsw.levels), levels)
    assert graph.ntotal == ROWS
    assert graph.hnsw.nb_neighbors(0) == 32
    assert (graph.hnsw.entry_point, graph.hnsw.max_level) == (
        cagra.graph.hnsw.entry_point,
        cagra.graph.hnsw.max_level,
    )
    for node in np.argsort(-levels)[:50].tolist():
        for level in range(levels[node]):
            assert links_of(graph, node, level) == links_of(cagra.graph, node, level)


def test_layers_that_a_graph_of_more_links_has_no_room_for_are_left_out():
    """FAISS keeps fewer layers the more links there are; CAGRA's has half of them, and is higher from a million on."""
    narrow = faiss.IndexHNSWFlat(DIM, PARAMS.m // 2, faiss.METRIC_L2)
    levels = np.ones(ROWS, np.int32)
    levels[::10], levels[7] = 2, narrow.hnsw.cum_nneighbor_per_level.size() - 1
    faiss.copy_array_to_vector(levels, narrow.hnsw.levels)
    narrow.add(VECTORS)
    graph = gpu._widened(narrow, PARAMS.m)
    assert narrow.hnsw.max_level == 9
    assert (graph.hnsw.entry_point, graph.hnsw.max_level) == (7, 7)
    assert faiss.vector_to_array(graph.hnsw.levels).max() == 8
    assert links_of(graph, 10, 1) == links_of(narrow, 10, 1)
    flat = faiss.IndexFlatIP(DIM)
    flat.add(VECTORS)
    index = HnswIndex(graph, flat, VECTORS)
    assert (index.search(VECTORS[:50], k=1, ef_search=64).keys[:, 0] == np.arange(50)).mean() > 0.9


@pytest.mark.parametrize("storage", ["full", "fp16@12"])
def test_a_segment_linked_on_the_gpu_is_searched_like_any_other(with_gpu, tmp_path, storage):
    fake = with_gpu()
    told: list[int] = []

    def recalls(on_gpu: bool) -> list[float]:
        plan = GraphPlan(PARAMS, storage, QUERIES[100:], gpu=on_gpu)
        written = write_segment(tmp_path, "image", np.arange(ROWS), VECTORS, plan=plan, on_progress=told.append)
        segment = Segment(tmp_path, written)
        return [recall_of(segment, QUERIES[:100], k=10, ef_search=ef) for ef in (100, ROWS)]

    some, everything = recalls(on_gpu=True)
    assert everything == 1
    assert told == [ROWS]
    assert fake.asked_exactly == 50 + 200  # both rounds of bridging
    assert some > recalls(on_gpu=False)[0] - 0.02


def test_the_nearest_are_those_of_a_full_scan(with_gpu):
    with_gpu()
    found = gpu.nearest_on_gpu(VECTORS, QUERIES, 7)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, np.argsort(-QUERIES @ VECTORS.T, axis=1)[:, :7])


def test_the_algorithm_is_the_best_one_that_fits_into_memory():
    overhead, row = 3 * 2**30, 4 * 512  # the vectors themselves
    neighbours, links = 2 * 512 + 664, 4 + 5 * 128 + 8 * 32
    nn_descent = overhead + 1_000_000 * (row + neighbours)
    ivf_pq = overhead + 1_000_000 * (row + links)

    def plan(free):
        return gpu.choose_plan(1_000_000, 512, 32, free)

    assert plan(nn_descent) == plan(None) == gpu.CagraPlan(32, 128, "NN_DESCENT")
    assert plan(nn_descent - 1) == plan(ivf_pq) == gpu.CagraPlan(32, 128, "IVF_PQ")
    with pytest.raises(GpuError, match=r"1,000,000 vectors need 5\.7 GiB on the GPU, 2\.0 GiB are free"):
        plan(2 * 2**30)
    assert gpu.choose_plan(1_000, 8, 5, None).degree == 6


@pytest.mark.parametrize("gpus", [None, 0, 1], ids=["cpu wheel", "no GPU", "a GPU"])
@pytest.mark.parametrize("device", ["auto", "cpu", "cuda"])
def test_where_to_build(with_gpu, monkeypatch, caplog, gpus, device):
    if gpus is None:
        monkeypatch.setattr(gpu, "faiss", object())
    else:
        with_gpu(gpus=gpus)
    if device == "cuda" and not gpus:
        remedy = "nvidia-smi" if gpus == 0 else r"pip install 'multimodal-retrieval\[gpu\]'"
        with pytest.raises(DependencyError, match=remedy):
            gpu.should_build(ROWS, device)
        return
    assert gpu.should_build(gpu.LEAST_ROWS, device) == (bool(gpus) and device != "cpu")
    assert not gpu.should_build(gpu.LEAST_ROWS - 1, device)
    assert ("FAISS finds no GPU" in caplog.text) == (gpus == 0 and device == "auto")


@pytest.fixture
def collection(tmp_path, monkeypatch):
    """Vectors that are not linked yet, in a collection without a target; recall is measured at one ef_search."""

    def measured(view, kind, samples):
        (segment,) = view.of_kind(kind)
        share = recall_of(segment, QUERIES, k=10, ef_search=64)
        recall = Recall(share, share, share)
        return Certificate(ROWS, 1e-6, (Curve("image", 1.0, len(QUERIES), (Point(64, recall, None, 64, 1e-3),)),))

    monkeypatch.setattr("retrieval.building.certify", measured)
    with Workspace(Settings(data_dir=tmp_path, database_url=None, index_device="cuda")) as workspace:
        index = IndexParams(PARAMS, "full", target_recall=None)
        made = workspace.create("made", external_spec("made", DIM), ModelReference("made"), index=index)
        made.add_vectors([str(row) for row in range(ROWS)], VECTORS)
        yield made


def compacted_recall(collection) -> float:
    collection.compact(exact_rows=500)
    view = collection.views.latest()
    assert view.has_graph("image")
    return float(view.generation.certificates["image"].curves[0].points[0].at_10.value)


def test_a_collection_is_linked_on_the_gpu(with_gpu, collection, caplog):
    fake = with_gpu()
    with caplog.at_level(logging.INFO, "retrieval.building"):
        assert compacted_recall(collection) > 0.95
    assert len(fake.built) == 1
    assert [(r.levelname, r.getMessage().split(":")[0]) for r in caplog.records] == [
        ("INFO", "image vectors linked on the GPU")
    ]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("out of memory", "the GPU build failed (std::bad_alloc: out_of_memory): the graph is built on the CPU"),
        ("failure", "the GPU build failed (Error in CuvsCagra): the graph is built on the CPU"),
        ("random links", "the graph from the GPU misses a recall@10 of 0.9: it is built on the CPU"),
    ],
)
def test_where_the_gpu_fails_or_falls_short_the_cpu_builds(with_gpu, collection, caplog, monkeypatch, fault, told):
    monkeypatch.setattr(crossings, "ROUNDS", ())  # of so few vectors they would mend even random links
    fake = with_gpu(fault=fault)
    assert compacted_recall(collection) > 0.95
    assert len(fake.built) == 1
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [told]


def test_a_gpu_with_too_little_free_memory_is_left_alone(with_gpu, collection, caplog, monkeypatch):
    fake = with_gpu()
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: (2**30, 2**34))
    assert compacted_recall(collection) > 0.95
    assert fake.built == []
    assert "2,000 vectors need 3.0 GiB on the GPU, 1.0 GiB are free" in caplog.text


def test_a_gpu_that_is_demanded_and_missing_is_an_error_and_nothing_changes(collection, monkeypatch):
    monkeypatch.setattr(gpu, "faiss", object())
    with pytest.raises(DependencyError, match="RETRIEVAL_INDEX_DEVICE=cuda: the FAISS that is installed has no GPU"):
        collection.compact(exact_rows=500)
    assert not collection.views.latest().has_graph("image")
    assert len(collection) == ROWS


def test_a_device_that_is_none_is_told_in_a_line(monkeypatch):
    monkeypatch.setenv("RETRIEVAL_INDEX_DEVICE", "gpu")
    with pytest.raises(InputError, match="RETRIEVAL_INDEX_DEVICE=gpu: give one of auto, cpu, cuda"):
        Settings()


@pytest.mark.slow
@pytest.mark.skipif(gpu.why_unavailable() is not None, reason="no GPU with faiss-gpu-cuvs here")
def test_a_real_gpu_links_as_well_as_the_cpu(tmp_path):
    vectors, queries = unit_vectors(60_000, 64), unit_vectors(2_500, 64, seed=1)

    def recall(on_gpu: bool) -> float:
        plan = GraphPlan(HnswParams(), "auto", queries[500:], gpu=on_gpu)
        segment = Segment(tmp_path, write_segment(tmp_path, "image", np.arange(60_000), vectors, plan=plan))
        return recall_of(segment, queries[:500], k=10, ef_search=256)

    assert recall(True) > recall(False) - 0.02
