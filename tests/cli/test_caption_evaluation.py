"""`retrieval eval captions` on collections whose right answers are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import index_pictures, run_cli, unit_vectors

from retrieval.encoders.fake import FakeEncoder
from retrieval.errors import InputError
from retrieval.evaluation import read_qrels, read_run
from retrieval.evaluators.caption_task import CaptionTask, captions_of, own_captions
from retrieval.evaluators.captions import evaluate_captions
from retrieval.evaluators.reference import Reference
from retrieval.search.samples import held_out
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace
from retrieval.writer import EmbeddedItem, WriteBatch


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return index_pictures(
        tmp_path_factory.mktemp("eval"), lambda name: {"captions": [f"a {name} thing", f"all {name}"]}
    )


def test_a_run_writes_figures_run_files_and_a_page_and_is_listed(folder):
    told = run_cli("eval", "captions", "-c", "things", "--out", "report", cwd=folder).stdout
    assert "hit@1 (R@1)" in told
    metrics = json.loads((folder / "report" / "metrics.json").read_text())
    assert metrics["text to image"]["exact"]["measures"]["hit@1"]["value"] == 1.0
    assert metrics["image to text"]["served"]["measures"]["hit@1"]["n"] == 6
    qrels, run = (
        read_qrels(folder / "report" / "text-to-image.qrels", quoted=True),
        read_run(folder / "report" / "text-to-image.run", quoted=True),
    )
    assert len(qrels.query_ids) == 12
    assert run.results("pictures/red.png#1")[0].doc_id == "pictures/red.png"
    page = (folder / "report" / "report.html").read_text()
    assert page.count("data:image/webp") >= 8
    assert "http" not in page.replace("http-equiv", ""), "the page asks nobody for anything"
    assert "report.html" in run_cli("eval", "list", cwd=folder).stdout


def test_a_dataset_is_matched_by_name_and_what_is_missing_is_counted(folder):
    (folder / "other.jsonl").write_text(
        '{"image": "elsewhere/red.png", "caption": "red"}\n{"image": "elsewhere/gold.png", "caption": "gold"}\n'
    )
    done = run_cli("eval", "captions", "other.jsonl", "-c", "things", "--k", "1", cwd=folder)
    assert "1 images of the dataset are not in the collection" in done.stderr
    assert "no index" in done.stdout, "captions that the collection does not hold are compared exactly"


def test_mistakes_are_told(folder):
    done = run_cli("eval", "captions", "-c", "things", "--k", "0", cwd=folder, check=False)
    assert (done.returncode, "--k must be" in done.stderr) == (2, True)
    (folder / "none.jsonl").write_text('{"image": "nowhere.png", "caption": "x"}\n')
    done = run_cli("eval", "captions", "none.jsonl", "-c", "things", cwd=folder, check=False)
    assert "none of the dataset's 1 images" in done.stderr


@pytest.fixture
def vectors_only(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        collection = workspace.create("c", external_spec("v", 8), ModelReference("external"))
        images = unit_vectors(300, 8)
        collection.add_vectors([f"d{n}" for n in range(300)], images)
        collection.compact(exact_rows=0)
        yield collection, images


def test_every_miss_is_put_down_to_the_stage_that_made_it(vectors_only):
    collection, images = vectors_only
    keys = np.arange(1, 301)
    wanted = np.arange(40)
    ideal = images[wanted]
    rounded = ideal.copy()
    rounded[:10] = images[100:110]  # the first ten queries are wrong once they are rounded
    nowhere = -images[[299] * 5]  # opposite to the document that they should find
    ideal = np.concatenate([ideal, nowhere])
    task = CaptionTask(
        keys,
        [f"d{n}" for n in range(300)],
        [f"caption {n}" for n in range(45)],
        np.concatenate([rounded, nowhere]),
        np.concatenate([wanted, [299] * 5]),
        None,
    )
    reference = Reference(keys, images, ideal)
    reports = evaluate_captions(collection, task, cutoffs=(1,), ef_search=300, reference=reference)
    blame = reports[0].blame[1]
    assert blame.blame["precision"] == 10
    assert blame.blame["model"] == 5
    assert blame.blame["index"] == 0
    assert blame.misses == 15


DOCS = 1_010
"""Enough captions held out to certify with, and no more of the others than tune."""


def test_captions_that_tuned_the_graph_are_told_and_what_is_certified_without_them(tmp_path):
    """Keys run 1, 2 (a document, its caption), 3, 4 ..."""
    encoder = FakeEncoder()
    records = [CatalogRecord(f"d{n}", "", (f"thing {n}",)) for n in range(DOCS)]
    texts = encoder.encode_texts([record.captions[0] for record in records])
    images = unit_vectors(DOCS, encoder.spec.dim)
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        index = IndexParams(storage="full", target_recall=None)
        collection = workspace.create("c", encoder.spec, ModelReference("fake"), index=index, encoder=encoder)
        items = [EmbeddedItem(*row) for row in zip(records, images, texts[:, None], strict=True)]
        collection.writer.commit(WriteBatch(items=items))
        collection.compact(exact_rows=0)
        to_image, to_text = evaluate_captions(collection, own_captions(collection), ef_search=20)
        again, exact = evaluate_captions(collection, captions_of(collection, records), ef_search=20)
    captions, pictures = (DOCS - held_out(np.arange(first, 2 * DOCS + 1, 2)).sum() for first in (2, 1))
    told = f"{{}} of these {DOCS:,} queries tuned the graph, which may find more for them than for others"
    assert to_image.warnings == again.warnings == (told.format(captions),)
    assert to_text.warnings == (told.format(pictures),)
    assert "recall@10" in to_image.certified
    assert exact.warnings == ()
    assert exact.certified is None


def test_a_dataset_without_a_common_image_is_refused(vectors_only):
    collection, _ = vectors_only
    with pytest.raises(InputError, match="none of the dataset's 1 images"):
        captions_of(collection, [CatalogRecord("x.jpg", "", ("a",))])
