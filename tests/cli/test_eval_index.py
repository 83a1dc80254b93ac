"""`retrieval eval index`: recall against an independent exact search, what asks, what is allowed, the report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from helpers import COLOURS, run_cli, save_picture, unit_vectors

from retrieval.certificate import Recall
from retrieval.encoders.fake import FakeEncoder
from retrieval.errors import FilterError, InputError
from retrieval.evaluation import Estimate
from retrieval.evaluators.index_queries import QuerySet, query_sets
from retrieval.evaluators.index_sweep import Point, Series, advice, sweep, sweep_values
from retrieval.evaluators.timing import Timing
from retrieval.metadata import query_samples
from retrieval.search.samples import held_out
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, HnswParams, IndexParams, ModelReference, Plan, external_spec
from retrieval.workspace import Workspace
from retrieval.writer import EmbeddedItem, WriteBatch

ROWS, DIM, K = 800, 24, 5
TIMING = Timing(1000.0, 2000.0, 1.0, 2.0, 3.0, 10)


@pytest.fixture(scope="module")
def vectors():
    centres = unit_vectors(40, DIM, seed=1)
    rows = centres[np.arange(ROWS) % 40] + 0.15 * np.random.default_rng(2).normal(size=(ROWS, DIM))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def collection(vectors, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
        few_links = HnswParams(m=4, ef_construction=8)  # so that something is missed
        collection = workspace.create(
            "c", external_spec("v", DIM), ModelReference("external"), index=IndexParams(few_links)
        )
        rows = [{"shelf": number % 8} for number in range(ROWS)]
        collection.add_vectors([str(number) for number in range(ROWS)], vectors, attributes=rows)
        collection.compact(exact_rows=0)
        yield collection


def spied(collection, monkeypatch):
    """Every batch that the engine answers from now on: ef_search, keys found, keys allowed."""
    answers, nearest = [], collection.engine.nearest

    def spy(queries, **options):
        found, plan = nearest(queries, **options)
        if len(queries) > 1:
            answers.append((options["ef_search"], found.keys, options["allowed"]))
        return found, plan

    monkeypatch.setattr(collection.engine, "nearest", spy)
    return answers


def image_series(collection, *, name="image", **options):
    sets, _ = query_sets(collection, most=options.pop("most", 200), **options)
    (chosen,) = [one for one in sets if one.name == name]
    return sweep(collection, chosen, [5, 10, 40, 300], k=K)


def test_recall_is_that_of_an_independent_exact_search(collection, vectors, monkeypatch):
    answers = spied(collection, monkeypatch)
    series = image_series(collection)
    keys = np.sort(np.concatenate([segment.keys for segment in collection.views.latest().segments]))
    scores = series.queries.vectors @ vectors.T
    own = np.searchsorted(keys, series.queries.own)
    assert np.array_equal(vectors[own], series.queries.vectors)
    scores[np.arange(len(own)), own] = -np.inf  # an item is no answer to itself
    worst = np.sort(scores, axis=1)[:, -K] - 1e-5  # as good as the last of the exact answer is good enough
    by_ef = {ef_search: found for ef_search, found, _ in answers}
    for point in (series.exact, *series.points):
        good = 0
        for number, row in enumerate(by_ef[point.ef_search]):
            others = row[row != series.queries.own[number]][:K]
            good += np.sum(scores[number, np.searchsorted(keys, others)] >= worst[number])
        assert point.recall.value == pytest.approx(good / (len(own) * K)), point.ef_search
        assert point.recall.low <= point.recall.value <= point.recall.high


def test_recall_grows_with_ef_search_up_to_the_exact_one(collection):
    series = image_series(collection)
    recalls = [point.recall.value for point in series.points]
    assert series.exact.recall == Estimate(1, 1, 1, 200)
    assert series.exact.is_exact
    assert recalls[0] < 0.99 < recalls[-1] <= 1, recalls
    assert all(later > earlier - 0.01 for earlier, later in pairwise(recalls))
    assert [point.plan.ef_search for point in series.points] == [6, 10, 40, 300]  # k + 1: the query finds itself


def test_only_what_is_allowed_is_found(collection, monkeypatch):
    answers = spied(collection, monkeypatch)
    drawn = image_series(collection, name="image, 0.1 allowed", selectivities=[0.1])
    assert (len(drawn.queries.allowed), drawn.queries.selectivity) == (80, 0.1)
    chosen = image_series(collection, name="image, shelf = 3", filters=["shelf = 3"])
    assert (len(chosen.queries.allowed), chosen.queries.selectivity) == (100, 0.125)
    assert {allowed.count for _, _, allowed in answers} == {80, 100}
    for _, found, allowed in answers:
        assert np.isin(found, collection.views.latest().keys("image", allowed)).all()


def test_settings_of_one_plan_are_measured_once(collection):
    """So few are allowed that the planner takes exact search, whatever ef_search."""
    series = image_series(collection, name="image, 0.01 allowed", selectivities=[0.01], most=20)
    assert [point.timing for point in series.points] == [series.exact.timing] * 4
    assert [name for name, _ in series.settings()] == ["5–300"]
    assert advice(series)[0].startswith("searched exactly, whatever ef_search: ")


def test_what_asks(collection):
    given = unit_vectors(30, DIM)
    sets, notes = query_sets(collection, most=20, vectors=given, selectivities=[0.5, 1], seed=3)
    assert [one.name for one in sets] == ["text", "image", "image, 0.5 allowed", "image, 1 allowed"]
    assert [len(one.vectors) for one in sets] == [20] * 4
    assert np.isin(sets[0].vectors, given).all()
    assert sets[2].selectivity == 0.5
    assert notes == []
    again, _ = query_sets(collection, most=20, vectors=given, selectivities=[0.5, 1], seed=3)
    other, _ = query_sets(collection, most=20, vectors=given, selectivities=[0.5, 1], seed=4)
    assert np.array_equal(sets[2].allowed, again[2].allowed)
    assert not np.array_equal(sets[2].allowed, other[2].allowed)
    everyone, notes = query_sets(collection, most=ROWS + 1)
    assert [(one.name, len(one.vectors)) for one in everyone] == [("image", ROWS)]
    assert "text queries are left out" in notes[0]
    assert "--vectors" in notes[0]


def test_documents_that_ask_are_not_those_that_are_allowed(collection):
    _, half = query_sets(collection, most=ROWS // 2, selectivities=[0.5])[0]
    assert 0.4 < np.isin(half.own, half.allowed).mean() < 0.6


def test_shared_attribute_values_ask_where_there_are_no_captions(tmp_path):
    encoder = FakeEncoder()
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        collection = workspace.create("c", encoder.spec, ModelReference("fake"), encoder=encoder)
        rows = [{"kind": "wall_clock", "id": "7"}, {"kind": "wall_clock", "id": "8"}, {"kind": "hat"}]
        collection.add_vectors(["a", "b", "c"], unit_vectors(3, encoder.spec.dim), attributes=rows)
        texts = query_sets(collection, most=10)[0][0]
    assert texts.source == "attribute values, as 'a photo of a wall clock'"
    assert np.array_equal(texts.vectors, encoder.encode_texts(["a photo of a wall clock"]))


def captioned(workspace, count):
    """A collection with two captions for each of `count` documents; keys run 1, 2, 3 (a document, its captions), ..."""
    spec = FakeEncoder().spec
    index = IndexParams(target_recall=None)
    collection = workspace.create(f"c{count}", spec, ModelReference("fake"), index=index, encoder=FakeEncoder())
    vectors = unit_vectors(3 * count, spec.dim).reshape(count, 3, spec.dim)
    items = [
        EmbeddedItem(CatalogRecord(f"d{number}", "", ("one", "two"), {"kind": "hat"}), three[0], three[1:])
        for number, three in enumerate(vectors)
    ]
    collection.writer.commit(WriteBatch(items=items))
    collection.compact(exact_rows=0)
    return collection


def test_texts_that_tuned_the_graph_ask_only_where_too_few_are_held_out(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        plenty, few = captioned(workspace, 1000), captioned(workspace, 400)
        texts, notes = query_sets(plenty, most=100)
        view = plenty.views.latest()
        keys = view.keys("caption")
        assert texts[0].source == "stored captions, held out from tuning"
        assert np.array_equal(texts[0].vectors, view.vectors(keys[held_out(keys)]))
        assert notes == []
        texts, notes = query_sets(few, most=100)
        assert (texts[0].source, len(texts[0].vectors)) == ("stored captions", 100)
        count = held_out(few.views.latest().keys("caption")).sum()
        assert notes[0].startswith(f"only {count} of 800 texts (stored captions) are held out from tuning")
        given = unit_vectors(100, few.info.spec.dim, seed=9)
        with few.database.write() as connection:
            query_samples.replace_all(connection, few.info.id, given)
        texts, notes = query_sets(few, most=100)
        assert texts[0].source == "queries given, held out from tuning"
        assert np.array_equal(texts[0].vectors, given[::4])
        assert notes == []


def test_the_values_of_ef_search():
    assert sweep_values(10, [], 64) == [10, 20, 40, 64, 80, 160, 320, 640]
    assert sweep_values(1000, [], 64)[-1] == 10_000
    assert sweep_values(10, [40, 7, 40], 64) == [7, 40]


def test_bad_values_are_refused(collection):
    for arguments, message in (
        ((0, [], 64), "k is 0"),
        ((1001, [], 64), "k is 1001"),
        ((10, [0], 64), "ef_search is 0"),
    ):
        with pytest.raises(InputError, match=message):
            sweep_values(*arguments)
    for share in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(InputError, match="selectivity"):
            query_sets(collection, most=1, selectivities=[share])
    with pytest.raises(InputError, match="at least 1"):
        query_sets(collection, most=0)
    with pytest.raises(InputError, match="allows none"):
        query_sets(collection, most=1, filters=["shelf > 8"])
    with pytest.raises(FilterError):
        query_sets(collection, most=1, filters=["colour = 1"])


def test_advice_by_hand():
    def point(ef_search, recall, speed):
        plan = Plan("hnsw", ef_search, 9, None, 1)
        return Point(ef_search, plan, Estimate(recall, recall, recall, 4), replace(TIMING, queries_per_second=speed))

    exact = replace(point(None, 1.0, 700), plan=Plan("exact", None, 9, None, 1))
    queries = QuerySet("text", "text", "captions", unit_vectors(4, 2))
    served = Plan("hnsw", 20, 9, None, 1, Recall(0.96, 0.95, 0.97), 10)
    series = Series(queries, exact, (point(10, 0.9, 2000), point(20, 0.95, 1240), point(40, 0.99, 600)), served)
    assert advice(series) == [
        "0.95 from ef_search 20: 1,240 queries/s; exact search: 700 queries/s",
        "0.99 from ef_search 40: 600 queries/s; exact search is no slower: 700 queries/s",
        "users' searches: ef_search 20, certified recall@10 0.960 (0.950-0.970)",
    ]
    assert advice(replace(series, points=series.points[:2]))[1] == (
        "0.99 is not reached by ef_search 20 (0.950); exact search: 700 queries/s"
    )


def test_the_command_and_its_report(tmp_path):
    lines = []
    for name, colour in COLOURS.items():
        for number in range(4):
            path = save_picture(tmp_path / "pictures" / f"{name}{number}.png", colour, seed=number)
            lines.append(
                json.dumps({"image": f"pictures/{path.name}", "captions": [f"a {name} thing"], "colour": name})
            )
    (tmp_path / "catalogue.jsonl").write_text("\n".join(lines))
    run_cli("index", "catalogue.jsonl", "-c", "things", "--model", "fake", cwd=tmp_path)
    command = ("eval", "index", "-c", "things", "--k", "3", "--ef", "4", "--ef", "8", "--queries", "10")

    flat = run_cli(*command, "--selectivity", "0.5", cwd=tmp_path)
    assert "has no graph" in flat.stderr
    assert "`retrieval compact -c things --exact-rows 0` builds one" in flat.stderr
    assert flat.stdout.count("searched exactly, whatever ef_search") == 3

    run_cli("compact", "-c", "things", "--exact-rows", "0", cwd=tmp_path)
    told = run_cli(*command, "--filter", 'colour = "red"', "--out", "r", "--json", cwd=tmp_path)
    assert told.stderr.startswith("warning: only 1 of 24 texts (stored captions) are held out from tuning")
    metrics = json.loads(told.stdout, parse_constant=pytest.fail)
    assert metrics == json.loads((tmp_path / "r" / "metrics.json").read_text())
    names = [
        "text",
        "image",
        *(f"image, {share} allowed" for share in (0.5, 0.1, 0.01, 0.001)),
        'image, colour = "red"',
    ]
    assert list(metrics["queries"]) == names
    assert metrics["queries"]["text"]["source"] == "stored captions"
    assert metrics["queries"]['image, colour = "red"']["selectivity"] == 4 / 24
    for one in metrics["queries"].values():
        assert [point["ef_search"] for point in one["points"]] == [4, 8]
        assert one["exact"]["recall"] == {"value": 1, "low": 1, "high": 1, "n": 10}
        for point in (one["exact"], *one["points"]):
            assert 0 < point["latency_ms"]["p50"] <= point["latency_ms"]["p95"] <= point["latency_ms"]["p99"]
            assert min(point["queries_per_second"], point["batched_queries_per_second"]) > 0
    assert json.loads((tmp_path / "r" / "config.json").read_text())["ef_search"] == [4, 8]

    page = (tmp_path / "r" / "report.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert len(sources) == 2
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "colour = &quot;red&quot;: 10 stored images, 4 of 24 documents allowed (16.7 %)" in page
    assert run_cli("eval", "list", cwd=tmp_path).stdout.count("index") == 2


def test_bad_options_are_told_on_one_line(tmp_path):
    run_cli(
        "index",
        str(save_picture(tmp_path / "p" / "a.png", (1, 2, 3)).parent),
        "-c",
        "c",
        "--model",
        "fake",
        cwd=tmp_path,
    )
    for options in (["--selectivity", "2"], ["--vectors", "no.npy"]):
        done = run_cli("eval", "index", "-c", "c", *options, cwd=tmp_path, check=False)
        assert done.returncode == 2, options
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
