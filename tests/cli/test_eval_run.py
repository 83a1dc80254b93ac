"""`retrieval eval run` and `score`, on a collection whose right answers are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import run_cli, save_pictures, unit_vectors

from retrieval.errors import InputError, SourceError
from retrieval.evaluation import Qrel, Qrels, parse_measure, read_qrels, read_run
from retrieval.evaluators.queries import SearchQuery, read_queries, read_vectors
from retrieval.evaluators.run import evaluate_queries
from retrieval.evaluators.searches import judged_alike, list_depth, search_both
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eval")
    save_pictures(folder)
    run_cli("index", "pictures", "-c", "things", "--model", "fake", cwd=folder)
    (folder / "queries.jsonl").write_text(
        '{"query_id": "r", "text": "red"}\n'
        '{"query_id": "g", "image": "pictures/green.png"}\n'
        '{"query_id": "like-blue", "doc_id": "blue.png"}\n'
        '{"query_id": "wrong", "text": "white"}\n'
    )
    (folder / "qrels").write_text(
        "r 0 red.png 2\nr 0 yellow.png 1\ng 0 green.png 1\nlike-blue 0 blue.png 1\n"
        "wrong 0 black.png 1\nwrong 0 gone 1\n"
    )
    return folder


def test_a_run_is_searched_scored_written_and_recorded(folder):
    told = run_cli("eval", "run", "queries.jsonl", "qrels", "-c", "things", "-m", "hit@1", "--out", "r", cwd=folder)
    assert "1 of 6 judged documents are not in the collection" in told.stderr
    figures = json.loads((folder / "r" / "metrics.json").read_text())["results"]
    # of r, g, like-blue and wrong, the first two are right at once; a document is no answer to itself
    assert figures["served"]["measures"]["hit@1"]["value"] == 0.5
    assert figures["exact"]["measures"]["hit@1"]["value"] == 0.5
    run = read_run(folder / "r" / "results.run", quoted=True)
    assert run.results("g")[0].doc_id == "green.png"
    assert len(run.results("like-blue")) == 5
    assert read_qrels(folder / "r" / "results.qrels", quoted=True).judgements("r")[0] == Qrel("r", "red.png", 2)
    assert (folder / "r" / "report.html").read_text().count("data:image/webp") > 20
    listed = run_cli("eval", "list", cwd=folder).stdout
    assert " run " in listed


def test_a_report_that_cannot_be_written_is_told_in_a_line(folder):
    arguments = ("eval", "run", "queries.jsonl", "qrels", "-c", "things", "--out", "qrels/inside")
    done = run_cli(*arguments, cwd=folder, check=False)
    assert done.returncode == 1
    assert "error: the report cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_file_alone_is_scored_the_same(folder):
    (folder / "by-hand.run").write_text("q Q0 a 1 0.9 x\nq Q0 b 2 0.8 x\nother Q0 a 1 1 x\n")
    (folder / "by-hand.qrels").write_text("q 0 b 1\nnone 0 a 1\n")
    done = run_cli("eval", "score", "by-hand.run", "by-hand.qrels", "-m", "RR", "-m", "R@2", "--json", cwd=folder)
    figures = json.loads(done.stdout)
    assert figures["measures"]["RR"]["value"] == 0.25, "the query without results counts"
    assert figures["measures"]["hit@2"]["value"] == 0.5
    assert (figures["counts"]["unjudged"], figures["counts"]["without_results"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "missing.tsv", "qrels", "-c", "things"), "missing.tsv: cannot be read"),
        (("run", "queries.jsonl", "queries.jsonl", "-c", "things"), "line 1: the relevance"),
        (("run", "queries.jsonl", "qrels", "-c", "things", "-m", "nonsense"), "unknown measure 'nonsense'"),
        (("run", "queries.jsonl", "qrels", "-c", "things", "--depth", "0", "-m", "RR"), "a depth of 0"),
        (("score", "qrels", "qrels"), "columns where there should be"),
    ],
)
def test_mistakes_are_told(folder, arguments, message):
    done = run_cli("eval", *arguments, cwd=folder, check=False)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("q.tsv", "a\tred\na\tblue\n", "line 2: query id 'a' a second time; .*line 1"),
        ("q.tsv", "\na red\n", "line 2: not a query id, a tab"),
        ("q.tsv", "", "no queries"),
        ("q.jsonl", '{"query_id": "a", "text": "x"}\n{"text": "x"}\n', "line 2: no query_id"),
        ("q.jsonl", '{"query_id": "a"}\n', "line 1: nothing to look for"),
        ("q.jsonl", '{"query_id": "a", "text": 3}\n', "line 1: text must be a text"),
        ("q.jsonl", "[]\n", "line 1: not a JSON object"),
        ("q.jsonl", "{\n", "line 1: not JSON"),
    ],
)
def test_a_file_of_queries_is_read_strictly(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=message):
        read_queries(tmp_path / name)


def test_queries_are_read_with_numbers_as_ids_and_pictures_beside_the_file(tmp_path):
    (tmp_path / "q.jsonl").write_text('{"_id": 7, "text": "x", "image": "a.png", "more": 1}\n')
    (query,) = read_queries(tmp_path / "q.jsonl")
    assert (query.query_id, query.text, query.image) == ("7", "x", tmp_path / "a.png")
    (tmp_path / "q.tsv").write_text("\ufeff1\ta tab\tinside\n")
    assert read_queries(tmp_path / "q.tsv")[0].text == "a tab\tinside"


@pytest.fixture
def collection(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        collection = workspace.create("c", external_spec("v", 8), ModelReference("external"))
        collection.add_vectors([f"d{n}" for n in range(300)], unit_vectors(300, 8))
        collection.compact(exact_rows=0)
        yield collection


def test_an_item_is_left_out_of_its_own_results_however_long_the_list_is(collection):
    vectors = collection.vectors(["d3", "d4"])
    for depth in (1, 299, 300, 1000):
        found = search_both(collection, ["a", "b"], vectors, depth=depth, ef_search=600, without=["d3", None])
        for run in (found.served, found.exact):
            names = [hit.doc_id for hit in run.results("a")]
            assert "d3" not in names
            assert len(names) == min(depth, 299)
            assert run.results("b")[0].doc_id == "d4"
            assert len(run.results("b")) == min(depth, 300)
        assert found.exact.results("a")[0] == found.served.results("a")[0]


def test_a_miss_of_the_graph_is_the_indexs(collection):
    """At ef_search 1 the graph loses neighbours that an exact search finds."""
    vectors = collection.vectors([f"d{n}" for n in range(300)])
    exact = search_both(collection, [f"d{n}" for n in range(300)], vectors, depth=2).exact
    second = [Qrel(f"d{n}", exact.results(f"d{n}")[1].doc_id, 1) for n in range(300)]
    queries = [SearchQuery(f"d{n}", "", doc_id=f"d{n}") for n in range(300)]
    report = evaluate_queries(
        collection, queries, Qrels.from_judgements(second), [parse_measure("hit@1")], depth=1, ef_search=1
    )
    assert report.exact.measures["hit@1"].value == 1.0
    blame = report.blame[1]
    assert blame.blame == {"model": 0, "storage": 0, "index": blame.misses}
    assert blame.misses == np.sum(report.served.per_query["hit@1"] == 0) > 0


def test_lists_do_not_raise_ef_search_unless_a_measure_looks_deeper(collection):
    queries, judged = [SearchQuery("a", "", doc_id="d1")], Qrels.from_judgements([Qrel("a", "d2", 1)])
    for measure, depth, used in (("hit@10", None, 16), ("hit@40", None, 41), ("hit@10", 50, 51)):
        report = evaluate_queries(collection, queries, judged, [parse_measure(measure)], depth=depth, ef_search=16)
        assert report.plan.ef_search == used


def test_lists_are_longer_than_measures_look_only_where_they_are_planned_alike(collection):
    for measure, depth in (("hit@5", 10), ("hit@10", 10), ("hit@11", 100), ("hit@300", 300), ("AP", 10)):
        assert list_depth(collection, [parse_measure(measure)]) == depth
        assert list_depth(collection, [parse_measure(measure)], kind="caption") == max(100, depth), "there is no graph"
    assert list_depth(collection, [parse_measure("hit@5")], depth=7) == 7
    vectors = collection.vectors(["d1"])
    plans = [collection.engine.nearest(vectors, k=k, modality="image")[1] for k in (5, 10)]
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    ("given", "modality"),
    [
        ({"text": "x"}, "text"),
        ({"image": Path("x")}, "image"),
        ({"doc_id": "x", "image": Path("x")}, "image"),
        ({"doc_id": "x", "text": "x"}, None),
    ],
)
def test_what_a_query_is_made_of(given, modality):
    assert SearchQuery("q", "", **given).modality == modality


def test_queries_with_the_same_answers_belong_together():
    rows = [("a", "x", 1), ("b", "x", 2), ("b", "y", 0), ("c", "y", 1), ("d", "y", 0), ("e", "x", 0)]
    clusters = judged_alike(Qrels.from_judgements(Qrel(*row) for row in rows))
    assert clusters == {"a": "a", "b": "a", "c": "c", "d": "d", "e": "e"}


def test_queries_with_the_same_answers_are_resampled_together(collection):
    queries = [SearchQuery(name, "", text=name) for name in "ab"]
    vectors = collection.vectors(["d1", "d2"])
    for answers, width in ((("d1", "d1"), 0), (("d1", "d3"), 1)):
        judged = Qrels.from_judgements(Qrel(name, doc_id, 1) for name, doc_id in zip("ab", answers, strict=True))
        report = evaluate_queries(collection, queries, judged, [parse_measure("hit@1")], vectors=vectors)
        figure = report.exact.measures["hit@1"]
        assert (figure.value, figure.high - figure.low) == (0.5, width)


def test_a_document_that_is_not_there_is_named_with_its_line(collection):
    with pytest.raises(SourceError, match=r"q\.jsonl, line 4: no document 'gone'"):
        evaluate_queries(
            collection,
            [SearchQuery("a", "q.jsonl, line 4", doc_id="gone")],
            Qrels.from_judgements([Qrel("a", "d1", 1)]),
            [parse_measure("hit@1")],
        )


def test_vectors_made_elsewhere_stand_for_the_queries(collection, tmp_path):
    np.save(tmp_path / "v.npy", 3 * collection.vectors(["d5", "d6"]).astype(np.float16))
    vectors = read_vectors(tmp_path / "v.npy", rows=2, dim=8)
    queries = [SearchQuery(name, "", text=name) for name in ("five", "six")]
    judged = Qrels.from_judgements([Qrel("five", "d5", 1), Qrel("six", "d5", 1)])
    report = evaluate_queries(collection, queries, judged, [parse_measure("hit@1")], vectors=vectors)
    assert report.exact.per_query["hit@1"].tolist() == [1, 0]
    with pytest.raises(SourceError, match=r"has the shape \(2, 8\); give floats \(3, 8\)"):
        read_vectors(tmp_path / "v.npy", rows=3, dim=8)
    np.save(tmp_path / "nan.npy", np.full((2, 8), np.nan, np.float32))
    with pytest.raises(SourceError, match=r"nan\.npy: a vector that is zero, or has NaN"):
        read_vectors(tmp_path / "nan.npy", rows=2, dim=8)
    (tmp_path / "v.npy").write_text("x")
    with pytest.raises(SourceError, match="cannot be read as a NumPy file"):
        read_vectors(tmp_path / "v.npy", rows=3, dim=8)


def test_an_empty_collection_is_refused(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        empty = workspace.create("c", external_spec("v", 8), ModelReference("external"))
        with pytest.raises(InputError, match="has no documents"):
            search_both(empty, ["a"], unit_vectors(1, 8), depth=10)


def test_every_command_is_in_the_guide():
    import indexer.eval_cli
    from retrieval.commands.evaluation import group

    assert indexer.eval_cli.group is group
    guide = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text()
    for command in group.registered_commands:
        assert f"\n## {command.name}\n" in guide, command.name
        assert f"    retrieval eval {command.name}" in guide, command.name
