"""`retrieval eval labels`: class-level relevance, worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import COLOURS, run_cli, save_picture

from retrieval.errors import InputError
from retrieval.evaluators.labels import average_precisions, image_to_image, label_measures, read_labels, text_to_image
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

# Six directions in a plane, by their angle in degrees; a lone class, a document without one, a list.
ANGLES = {"a1": 0, "a2": 10, "b1": 12, "b2": 90, "c": 180, "none": 91}
CLASSES = {"a1": "a", "a2": "a", "b1": "b", "b2": "b", "c": "c", "none": None}


def plane(degrees):
    radians = np.radians(list(degrees))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


@pytest.fixture
def collection(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        collection = workspace.create("c", external_spec("v", 2), ModelReference("external"))
        rows = [{"class": value} for value in CLASSES.values()]
        collection.add_vectors(list(ANGLES), plane(ANGLES.values()), attributes=rows)
        yield collection


def test_pictures_ask_for_others_of_their_class(collection):
    report = image_to_image(collection, read_labels(collection, "class"), label_measures([1, 2]))
    scores = {name: dict(zip(report.qrels.query_ids, s, strict=True)) for name, s in report.exact.per_query.items()}
    # a1 finds a2, b1; a2 finds b1, a1; b1 finds a2, a1; b2 finds the one without a class first, then b1
    assert scores["precision@1"] == {"a1": 1, "a2": 0, "b1": 0, "b2": 0}
    assert scores["precision@2"] == {"a1": 0.5, "a2": 0.5, "b1": 0, "b2": 0.5}
    assert scores["recall@2"] == {"a1": 1, "a2": 1, "b1": 0, "b2": 1}
    # b2 stands third for b1: 12 degrees to 10, 0, then 90
    assert scores["AP"] == pytest.approx({"a1": 1, "a2": 1 / 2, "b1": 1 / 3, "b2": 1 / 2})
    assert report.warnings == (
        "1 documents have no 'class': they count as wrong answers",
        "1 documents are alone in their class",
    )


def test_ap_is_over_the_whole_ranking_in_its_order():
    query, documents = plane([0]), plane([30, 20, 10, 40])
    # ranks 3, 2, 1, 4: the first and third document, relevant, stand at 3 and 1
    assert average_precisions(query, documents, [np.array([0, 2])]).tolist() == [(1 / 1 + 2 / 3) / 2]
    left_out = average_precisions(query, documents, [np.array([0])], without=np.array([2]))
    assert left_out.tolist() == [1 / 2]


def test_a_sample_is_drawn_by_its_seed(collection):
    labels = read_labels(collection, "class")
    draws = {
        seed: image_to_image(collection, labels, label_measures([1]), sample=2, seed=seed).qrels.query_ids
        for seed in range(8)
    }
    assert all(len(set(ids)) == 2 for ids in draws.values())
    assert len(set(draws.values())) > 1
    again = image_to_image(collection, labels, label_measures([1]), sample=2, seed=3).qrels.query_ids
    assert again == draws[3]


def test_lists_and_flags_are_classes_too(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        collection = workspace.create("c", external_spec("v", 2), ModelReference("external"))
        rows = [{"tags": ["x", "y"], "new": True}, {"tags": ["y"], "new": False}, {"tags": [], "new": True}]
        collection.add_vectors(["p", "q", "r"], plane([0, 40, 20]), attributes=rows)
        labels = read_labels(collection, "tags")
        assert {name: rows.tolist() for name, rows in labels.members.items()} == {"x": [0], "y": [0, 1]}
        assert labels.unlabelled == 1
        assert list(read_labels(collection, "new").members) == ["false", "true"]
        report = image_to_image(collection, labels, label_measures([1]))
        assert report.qrels.query_ids == ("p", "q")
        assert [hit.doc_id for hit in report.run.results("p")] == ["r", "q"]


def test_what_cannot_be_is_refused(collection):
    with pytest.raises(InputError, match="has the attribute 'kind'; there are class"):
        read_labels(collection, "kind")
    with pytest.raises(InputError, match=r"has no \{\}"):
        text_to_image(collection, read_labels(collection, "class"), label_measures([1]), templates=["a thing"])


def test_names_of_classes_find_their_pictures(tmp_path):
    lines = []
    for name, colour in COLOURS.items():
        for number in range(2):
            path = save_picture(tmp_path / "pictures" / f"{name}{number}.png", colour, seed=number)
            lines.append(json.dumps({"image": f"pictures/{path.name}", "colour": f"very_{name}"}))
    (tmp_path / "catalogue.jsonl").write_text("\n".join(lines))
    run_cli("index", "catalogue.jsonl", "-c", "things", "--model", "fake", cwd=tmp_path)
    told = run_cli(
        "eval", "labels", "colour", "-c", "things", "--k", "2", "--template", "a {} thing", "--out", "r", cwd=tmp_path
    )
    assert "text to image, 6 queries" in told.stdout
    figures = json.loads((tmp_path / "r" / "metrics.json").read_text())
    for task, queries in (("image to image", 12), ("text to image", 6)):
        for way in ("served", "exact"):
            measures = figures[task][way]["measures"]
            assert measures["hit@2"] == {"value": 1, "low": 1, "high": 1, "n": queries}
            assert measures["recall@2"]["value"] == 1
    assert "a very red thing" in (tmp_path / "r" / "report.html").read_text()
    assert "labels" in run_cli("eval", "list", cwd=tmp_path).stdout
