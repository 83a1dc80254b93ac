"""What the precision of a model loses: documents and queries embedded again in fp32."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers import COLOURS, save_picture

from retrieval.encoders.fake import FakeEncoder
from retrieval.errors import ConflictError, EncoderMismatchError, ExternalVectorsError
from retrieval.evaluation import Qrel, Qrels, parse_measure
from retrieval.evaluators.complete import complete_captions
from retrieval.evaluators.queries import SearchQuery
from retrieval.evaluators.reference import load_reference_encoder, reference_captions, reference_queries
from retrieval.evaluators.run import evaluate_queries
from retrieval.evaluators.subject import Subject
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, ModelReference, external_spec
from retrieval.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        yield workspace


class Coarse(FakeEncoder):
    """The fake encoder, rounded so coarsely that shades of a colour cannot be told apart."""

    @property
    def spec(self):
        return replace(super().spec, precision="int3")

    def encode_images(self, pixels):
        return self._rounded(super().encode_images(pixels))

    def encode_texts(self, texts):
        return self._rounded(super().encode_texts(texts))

    def _rounded(self, vectors):
        rounded = np.round(vectors)
        return (rounded / np.linalg.norm(rounded, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def coarse(workspace, tmp_path):
    encoder = Coarse()
    collection = workspace.create("coarse", encoder.spec, ModelReference("fake"), encoder=encoder)
    for name, colour in COLOURS.items():
        for number in range(2):
            save_picture(tmp_path / f"{name}{number}.png", colour, seed=number)
    paths = sorted(tmp_path.glob("*.png"))
    records = [CatalogRecord(path.stem, str(path), (f"a {path.stem[:-1]} thing",)) for path in paths]
    assert not collection.add(records).rejected
    return collection


def test_what_rounding_loses_is_the_precisions(coarse, tmp_path):
    queries = [SearchQuery(name, "", image=tmp_path / f"{name}.png") for name in ("red0", "red1")]
    qrels = Qrels.from_judgements(Qrel(query.query_id, query.query_id, 1) for query in queries)
    told = []
    reference = reference_queries(coarse, FakeEncoder(), queries, on_progress=lambda *step: told.append(step))
    report = evaluate_queries(coarse, queries, qrels, [parse_measure("hit@1")], reference=reference)
    # both pictures of red have one vector; trec_eval's order of ties puts red1 first
    assert report.exact.per_query["hit@1"].tolist() == [0, 1]
    assert report.blame[1].blame == {"model": 0, "precision": 1}
    assert told == [("images in fp32", 12, 12)]


def test_pictures_and_texts_are_embedded_again(coarse, tmp_path):
    (tmp_path / "red0.png").unlink()
    save_picture(tmp_path / "red1.png", COLOURS["blue"], seed=5)  # another picture than was indexed
    fine = FakeEncoder()
    reference = reference_captions(coarse, fine, ["a red thing", "blue"])
    np.testing.assert_array_equal(reference.queries, fine.encode_texts(["a red thing", "blue"]))
    stored = coarse.vectors(["red0", "red1", "blue0"])
    rows = {doc_id: row for row, doc_id in enumerate(sorted(f"{name}{n}" for name in COLOURS for n in range(2)))}
    again = reference.documents[[rows["red0"], rows["red1"], rows["blue0"]]]
    np.testing.assert_array_equal(again[:2], stored[:2])
    assert np.abs(again[2] - stored[2]).max() > 0.01
    assert reference.warnings[0].startswith("2 pictures cannot be read, or are not what was indexed")


def test_documents_ask_by_their_fp32_vectors(coarse):
    reference = reference_queries(coarse, FakeEncoder(), [SearchQuery("q", "", doc_id="red1")])
    keys = dict(zip(reference.keys.tolist(), reference.documents, strict=True))
    np.testing.assert_allclose(reference.queries[0], keys[coarse.get("red1").key], atol=1e-6)


def test_a_collection_that_changed_meanwhile_is_told(coarse):
    queries = [SearchQuery("q", "", text="red")]
    reference = reference_queries(coarse, FakeEncoder(), queries)
    coarse.delete(["red0"])
    with pytest.raises(ConflictError, match="evaluate it once more"):
        evaluate_queries(
            coarse,
            queries,
            Qrels.from_judgements([Qrel("q", "red1", 1)]),
            [parse_measure("hit@1")],
            reference=reference,
        )


def test_the_collections_own_model_is_loaded_in_fp32_and_measured(coarse, workspace, tmp_path):
    """The model is named "fake", which runs in fp32; of the coarse one only the precision differs."""
    done = complete_captions(Subject(workspace, coarse, tmp_path / "report"), None, cutoffs=[1], fp32=True)
    assert [list(report.blame[1].blame) for report in done.reports] == [["model", "precision"]] * 2
    assert done.reports[0].blame[1].misses > done.reports[0].blame[1].blame["model"]
    assert done.warnings == ()
    assert json.loads((tmp_path / "report" / "config.json").read_text())["fp32"] is True


def test_a_model_of_other_weights_is_no_reference(workspace):
    other = replace(Coarse().spec, weights_sha256="0" * 64)
    with pytest.raises(EncoderMismatchError, match="not that of 'other'"):
        load_reference_encoder(workspace.create("other", other, ModelReference("fake")))


def test_vectors_made_elsewhere_have_no_fp32(workspace):
    with pytest.raises(ExternalVectorsError, match="made elsewhere"):
        load_reference_encoder(workspace.create("vectors", external_spec("v", 4), ModelReference("v")))
