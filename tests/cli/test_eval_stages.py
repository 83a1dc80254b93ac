"""Misses of the model, of a filter and of the graph, each provoked on purpose; of precision: test_eval_precision."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import COLOURS, index_pictures, run_cli, unit_vectors

from retrieval.errors import InputError
from retrieval.evaluation import Qrel, Qrels, parse_measure
from retrieval.evaluators.caption_task import CaptionTask
from retrieval.evaluators.captions import evaluate_captions
from retrieval.evaluators.complete import complete_captions
from retrieval.evaluators.labels import image_to_image, label_measures, read_labels
from retrieval.evaluators.queries import SearchQuery
from retrieval.evaluators.reference import (
    Reference,
)
from retrieval.evaluators.run import evaluate_queries
from retrieval.evaluators.subject import Subject
from retrieval.index.projection import fit_projection
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

DOCS, DIM = 600, 16
EVEN = "even = true"


@pytest.fixture
def workspace(tmp_path):
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        yield workspace


@pytest.fixture
def collection(workspace):
    """Random vectors under a poor graph, which is asked for filtered searches too, however few are allowed."""
    spec = external_spec("v", DIM)
    index = IndexParams(HnswParams(m=4, ef_construction=8), storage="full", target_recall=None)
    collection = workspace.create("c", spec, ModelReference("v"), index=index)
    rows = [{"even": n % 2 == 0} for n in range(DOCS)]
    collection.add_vectors([f"d{n}" for n in range(DOCS)], unit_vectors(DOCS, DIM), attributes=rows)
    collection.compact(exact_rows=0)
    return collection


@pytest.fixture
def graph_for_all(monkeypatch):
    monkeypatch.setattr("retrieval.search.planner.EXACT_ALLOWED", 0)


def planted():
    """Documents that are asked for, the queries' vectors as they are, and as they would be without rounding.

    5 queries are wrong from the start, the next 10 since they were rounded, the next 20 ask for odd documents, and 250
    are the vectors of even documents.
    """
    images = unit_vectors(DOCS, DIM)
    even, odd = np.arange(0, DOCS, 2), np.arange(1, DOCS, 2)
    wanted = np.concatenate([even[:15], odd[:20], even[40:290]])
    ideal, rounded = images[wanted], images[wanted]
    ideal[:5] = -ideal[:5]
    rounded[:5] = -rounded[:5]
    rounded[5:15] = -rounded[5:15]
    return images, wanted, ideal, rounded


def lost_by_the_graph(collection, vectors, wanted):
    """Of queries that are even documents' vectors, how many the graph does not find under the filter."""
    allowed = np.arange(1, DOCS + 1, 2)
    found, plan = collection.engine.nearest(vectors, k=1, ef_search=1, allowed=allowed)
    assert plan.strategy == "hnsw"
    return int((found.keys[:, 0] != wanted + 1).sum())


def test_each_stage_of_judged_queries(collection, graph_for_all):
    images, wanted, ideal, rounded = planted()
    queries = [SearchQuery(f"q{n}", "", text="x") for n in range(len(wanted))]
    qrels = Qrels.from_judgements(Qrel(f"q{n}", f"d{doc}", 1) for n, doc in enumerate(wanted))
    report = evaluate_queries(
        collection,
        queries,
        qrels,
        [parse_measure("hit@1")],
        vectors=rounded,
        ef_search=1,
        filter=EVEN,
        reference=Reference(np.arange(1, DOCS + 1), images, ideal),
    )
    lost = lost_by_the_graph(collection, rounded[35:], wanted[35:])
    assert lost > 0
    assert report.blame[1].blame == {"model": 5, "precision": 10, "filter": 20, "index": lost}
    assert report.blame[1].misses == 35 + lost
    assert report.exact.measures["hit@1"].value == 250 / 285, "exact search has the filter too"
    assert report.warnings == (f"the filter {EVEN} allows 300 of 600 documents",)


def test_each_stage_of_captions(collection, graph_for_all):
    images, wanted, ideal, rounded = planted()
    keys, names = np.arange(1, DOCS + 1), [f"d{n}" for n in range(DOCS)]
    order = np.argsort(wanted, kind="stable")
    texts = [f"caption {n}" for n in range(len(wanted))]
    task = CaptionTask(keys, names, texts, rounded[order], wanted[order], None)
    reference = Reference(keys, images, ideal[order])
    to_image, to_text = evaluate_captions(collection, task, cutoffs=(1,), ef_search=1, filter=EVEN, reference=reference)
    lost = lost_by_the_graph(collection, rounded[35:], wanted[35:])
    assert to_image.blame[1].blame == {"model": 5, "precision": 10, "filter": 20, "index": lost}
    # what the filter excludes counts as standing after the 300 that it allows
    ranks = dict(zip(to_image.qrels.query_ids, to_image.exact.per_query["mean_rank"], strict=True))
    assert ranks["d1#0"] == 301
    assert list(to_text.blame[1].blame) == ["model", "precision"], "captions have no index here, and no filter"


def test_what_codes_lose_is_the_storages(workspace):
    """One candidate is taken: the best by the codes, here of four of sixteen dimensions."""
    index = IndexParams(HnswParams(m=4, ef_construction=8), storage="fp32@4", target_recall=None)
    collection = workspace.create("coded", external_spec("v", DIM), ModelReference("v"), index=index)
    images, names, keys = unit_vectors(DOCS, DIM), [f"d{n}" for n in range(DOCS)], np.arange(1, DOCS + 1)
    collection.add_vectors(names, images)
    collection.compact(exact_rows=0)
    queries = images + 0.3 * unit_vectors(DOCS, DIM, seed=1)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    basis = fit_projection(images, None)[:, :4]
    exact, coded = (queries @ images.T).argmax(axis=1), ((queries @ basis) @ (images @ basis).T).argmax(axis=1)
    found, _ = collection.engine.nearest(queries, k=1, ef_search=1)
    stages = [place == np.arange(DOCS) for place in (exact, coded, found.keys[:, 0] - 1)]
    by_model, by_codes = ~stages[0] & ~stages[1] & ~stages[2], stages[0] & ~stages[1] & ~stages[2]
    expected = {"model": by_model.sum(), "storage": by_codes.sum(), "index": (stages[1] & ~stages[2]).sum()}
    assert min(expected["storage"], expected["index"]) > 0

    task = CaptionTask(keys, names, names, queries, np.arange(DOCS), None)
    report = evaluate_captions(collection, task, cutoffs=(1,), ef_search=1)[0]
    assert report.blame[1].blame == expected
    judged = Qrels.from_judgements(Qrel(name, name, 1) for name in names)
    asked = [SearchQuery(name, "", text="x") for name in names]
    report = evaluate_queries(collection, asked, judged, [parse_measure("hit@1")], vectors=queries, ef_search=1)
    assert report.blame[1].blame == expected


def test_without_filter_reference_and_graph_all_is_the_models(workspace):
    collection = workspace.create("plain", external_spec("v", DIM), ModelReference("v"))
    collection.add_vectors([f"d{n}" for n in range(DOCS)], unit_vectors(DOCS, DIM))
    queries, qrels = [SearchQuery("q", "", doc_id="d1")], Qrels.from_judgements([Qrel("q", "d2", 1)])
    report = evaluate_queries(collection, queries, qrels, [parse_measure("hit@1")])
    assert report.blame[1].blame == {"model": 1}


def test_a_filter_is_part_of_class_level_figures(workspace):
    radians = np.radians([0, 10, 12, 90, 180])
    collection = workspace.create("plane", external_spec("v", 2), ModelReference("v"))
    rows = [{"class": name} for name in "aabbc"]
    vectors = np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)
    collection.add_vectors(["a1", "a2", "b1", "b2", "c"], vectors, attributes=rows)
    labels = read_labels(collection, "class")
    report = image_to_image(collection, labels, label_measures([1, 3]), filter='class = "a"')
    scores = {name: dict(zip(report.qrels.query_ids, s, strict=True)) for name, s in report.exact.per_query.items()}
    # only a1 and a2 may be found: they find one another, and the others of b cannot be found
    assert scores["precision@1"] == {"a1": 1, "a2": 1, "b1": 0, "b2": 0}
    assert scores["AP"] == {"a1": 1, "a2": 1, "b1": 0, "b2": 0}
    # without it a2 finds b1 first, b1 finds a2 first and b2 third, b2 finds b1 first
    assert report.blame[1].blame == {"model": 1, "filter": 1}
    assert report.blame[1].lucky == 1
    assert report.blame[3].blame == {"model": 0, "filter": 2}


# ------------------------------------------------------------------------------------------------ the commands


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = index_pictures(
        tmp_path_factory.mktemp("stages"),
        lambda name: {"caption": f"a {name} thing", "bright": sum(COLOURS[name]) > 400},
    )
    (folder / "queries.tsv").write_text("r\tred\nw\twhite\nunjudged\tblue\n")
    (folder / "qrels").write_text("r 0 pictures/red.png 1\nw 0 pictures/white.png 1\n")
    return folder


def test_captions_with_a_filter_and_an_encoder_that_does_not_round(folder):
    arguments = ("--filter", "bright = true", "--fp32", "--k", "1", "--out", "r")
    done = run_cli("eval", "captions", "-c", "things", *arguments, cwd=folder)
    assert "the encoder runs in fp32 as it is" in done.stderr
    assert "the filter bright = true allows 2 of 6 documents" in done.stderr
    assert "misses at 1: 4 of 6 (0 the model's, 4 the filter's)" in done.stdout
    figures = json.loads((folder / "r" / "metrics.json").read_text())["text to image"]
    assert figures["misses"]["1"]["blame"] == {"model": 0, "filter": 4}
    assert figures["served"]["measures"]["hit@1"]["value"] == pytest.approx(2 / 6)
    assert json.loads((folder / "r" / "config.json").read_text())["filter"] == "bright = true"
    page = (folder / "r" / "report.html").read_text()
    assert '<i class=filter style="flex-grow:4">' in page
    assert "class=wanted" in page, "a picture that is not found is shown"


def test_queries_with_a_filter_and_without_judgements(folder):
    arguments = ("--filter", "bright = true", "-m", "hit@1", "--json")
    done = run_cli("eval", "run", "queries.tsv", "qrels", "-c", "things", *arguments, cwd=folder)
    figures = json.loads(done.stdout)["results"]
    assert figures["misses"]["1"]["blame"] == {"model": 0, "filter": 1}
    assert figures["served"]["counts"]["unjudged"] == 1
    assert "queries of the run without judgements, skipped: 1" in figures["warnings"]


def test_classes_with_a_filter(folder):
    done = run_cli("eval", "labels", "bright", "-c", "things", "-f", "bright = true", "--k", "1", cwd=folder)
    assert "allows 2 of 6 documents" in done.stderr
    assert "the filter's" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("captions", "--filter", "bright = true and bright = false"), "allows none of the 6 documents"),
        (("run", "queries.tsv", "qrels", "--fp32", "--vectors", "v.npy"), "leave out one of them"),
        (("captions", "twice.jsonl"), "twice.jsonl"),
        (("captions", "bad.jsonl"), "bad.jsonl, line 2"),
    ],
)
def test_mistakes_are_told(folder, arguments, message):
    np.save(folder / "v.npy", unit_vectors(3, 64))
    (folder / "bad.jsonl").write_text('{"image": "pictures/red.png", "caption": "red"}\n{"image"\n')
    (folder / "twice.jsonl").write_text('{"image": "pictures/red.png", "caption": "red"}\n' * 2)
    done = run_cli("eval", arguments[0], *arguments[1:], "-c", "things", cwd=folder, check=False)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("even = true and even = false", "allows none of the 600"),
        ("even =", "position"),
        ("odd = true", "attribute odd"),
    ],
)
def test_a_filter_that_allows_nothing_or_is_wrong_is_refused(collection, expression, message):
    labels = read_labels(collection, "even")
    with pytest.raises(InputError, match=message):
        image_to_image(collection, labels, label_measures([1]), sample=2, filter=expression)


def test_a_collection_without_captions_is_refused(collection):
    with pytest.raises(InputError, match="has no captions with vectors: name a dataset"):
        complete_captions(Subject(None, collection), None)
