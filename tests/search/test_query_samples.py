"""What an index is tuned and measured with: queries of people, captions or attribute values, never the same ones."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import unit_vectors

from retrieval.encoders.fake import FakeEncoder
from retrieval.search.prompts import Prompts, attribute_prompts
from retrieval.search.samples import QuerySamples, given_held_out, held_out
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace
from retrieval.writer import EmbeddedItem, WriteBatch

DOCS = 1_200
ENCODER = FakeEncoder()
DIM = ENCODER.spec.dim
NONE = np.empty((0, DIM), np.float32)
VALUES = [f"kind {number}" for number in range(DOCS // 2)]
ATTRIBUTES = [{"kind": VALUES[number // 2]} for number in range(DOCS)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with Workspace(Settings(data_dir=tmp_path_factory.mktemp("data"), database_url=None)) as workspace:
        yield workspace


def created(workspace, name, spec=ENCODER.spec, encoder=ENCODER):
    return workspace.create(name, spec, ModelReference("fake"), index=IndexParams(target_recall=None), encoder=encoder)


@pytest.fixture(scope="module")
def captioned(workspace):
    """Keys run 1, 2 (a document, its caption), 3, 4 ..."""
    collection = created(workspace, "captioned")
    vectors = unit_vectors(2 * DOCS, DIM).reshape(DOCS, 2, DIM)
    records = [CatalogRecord(f"d{n}", "", ("a caption",), row) for n, row in enumerate(ATTRIBUTES)]
    items = [EmbeddedItem(record, two[0], two[1:]) for record, two in zip(records, vectors, strict=True)]
    collection.writer.commit(WriteBatch(items=items))
    return collection


@pytest.fixture(scope="module")
def plain(workspace):
    collection = created(workspace, "plain")
    collection.add_vectors([f"d{n}" for n in range(DOCS)], unit_vectors(DOCS, DIM), attributes=ATTRIBUTES)
    return collection


def forbidden():
    pytest.fail("there are better queries than prompts")


def prompts(collection):
    with collection.database.read() as connection:
        return Prompts.embedded(attribute_prompts(connection, collection.info.id, collection.views.latest()), ENCODER)


def rows(vectors):
    return {vector.tobytes() for vector in vectors}


def test_what_is_held_out_never_tunes(captioned, plain):
    given = unit_vectors(200, DIM, seed=5)
    for collection, asked in ((captioned, NONE), (captioned, given), (plain, given), (plain, NONE)):
        view = collection.views.latest()
        samples = QuerySamples(view, asked, lambda: prompts(plain))
        for kind in ("image", "caption"):
            tuning = samples.tuning(kind)
            own = {"image": "image", "caption": "text"}[kind]
            for modality, sample in samples.measuring(kind).items():
                assert (sample.mixes is None) == (modality == own), "those from outside are mixed"
                if modality != own and tuning is not None:
                    assert not rows(tuning) & (rows(sample.vectors) | rows(sample.mixes))


def test_queries_of_people_come_before_captions_and_these_before_prompts(captioned, plain):
    view, given = captioned.views.latest(), unit_vectors(200, DIM, seed=5)
    samples = QuerySamples(view, given, forbidden)
    of_captions = np.arange(2, 2 * DOCS + 1, 2)
    keys = samples.tuning_keys("image")
    assert len(keys) == 850
    assert np.isin(keys, of_captions[~held_out(of_captions)]).all()
    tuning = samples.tuning("image")
    assert np.array_equal(tuning[:150], given[np.arange(200) % 4 > 0])
    assert np.array_equal(tuning[150:], view.vectors(keys))
    assert np.array_equal(samples.measuring("image")["text"].vectors, given[::4])

    aside = of_captions[held_out(of_captions)]
    assert np.array_equal(QuerySamples(view, NONE, forbidden).measuring("image")["text"].vectors, view.vectors(aside))

    both = prompts(plain)
    samples = QuerySamples(plain.views.latest(), NONE, lambda: both)
    assert np.array_equal(samples.tuning("image"), both.vectors[~both.held_out])
    assert np.array_equal(samples.measuring("image")["text"].vectors, both.vectors[both.held_out])
    assert samples.tuning("caption") is not None, "pictures tune an index of captions"
    assert 0.15 < both.held_out.mean() < 0.35


@pytest.mark.parametrize("stride", [1, 2, 6, 10, 50])
def test_one_key_in_fifty_is_held_out_however_far_apart_they_are(stride):
    for first in range(1, stride + 1):
        assert held_out(np.arange(first, 5_000 * stride, stride)).sum() == pytest.approx(100, abs=10)


@pytest.mark.parametrize(("count", "aside"), [(0, 0), (100, 25), (1_200, 300), (6_000, 300), (200_000, 4_000)])
def test_enough_given_queries_are_held_out(count, aside):
    assert given_held_out(count).sum() == aside


def test_names_of_kinds_that_live_documents_share(workspace):
    collection = created(workspace, "names")
    attributes = [
        {"kind": "wall_clock", "tags": ["red", "old"], "id": "a1"},
        {"kind": "wall_clock", "tags": ["red"], "year": "1999", "about": "x" * 61},
        {"kind": "hat", "tags": ["old"], "year": "1999", "about": "x" * 61, "size": 3},
        {"kind": "hat", "size": 3},
    ]
    collection.add_vectors(["a", "b", "c", "d"], unit_vectors(4, DIM), attributes=attributes)
    collection.delete(["d"])
    with collection.database.read() as connection:
        found = attribute_prompts(connection, collection.info.id, collection.views.at(connection))
    assert found == ["a photo of a old", "a photo of a red", "a photo of a wall clock"]


def test_a_graph_without_captions_is_tuned_and_measured_with_attribute_values(plain, workspace):
    plain.compact(exact_rows=0)
    curve = plain.views.latest().generation.certificates["image"].curve("text")
    assert curve.queries == prompts(plain).held_out.sum() > 20

    external = created(workspace, "external", external_spec("v", DIM), None)
    external.add_vectors([f"d{n}" for n in range(DOCS)], unit_vectors(DOCS, DIM), attributes=ATTRIBUTES)
    external.compact(exact_rows=0)
    assert external.views.latest().generation.certificates["image"].curve("text") is None
