"""Documents put, changed, listed and deleted one by one: what is stored, what is kept, what is reused."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from helpers import COLOURS, save_picture, unit_vectors
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import killed_at

from retrieval.encoders.fake import FakeEncoder
from retrieval.errors import BusyError, ConflictError, CorruptionError, FilterError, ImageError, NotFoundError
from retrieval.index import files
from retrieval.locks import writing
from retrieval.metadata import collections
from retrieval.metadata.database import Database
from retrieval.search import catalogue
from retrieval.settings import Settings
from retrieval.types import CatalogRecord, ModelReference, external_spec
from retrieval.verification import verify
from retrieval.workspace import Workspace
from retrieval.writer import ChangedMeanwhileError, WriteBatch


@pytest.fixture
def workspace(tmp_path, database_url):
    database = Database(database_url)
    database.upgrade()
    database.close()
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=database_url)) as workspace:
        yield workspace


@pytest.fixture
def photos(workspace):
    encoder = FakeEncoder()
    return workspace.create("photos", encoder.spec, ModelReference("fake"), encoder=encoder)


def picture(folder, colour: str, seed: int = 0) -> bytes:
    return save_picture(folder / f"{colour}{seed}.png", COLOURS[colour], seed=seed).read_bytes()


def kept(collection) -> set[str]:
    return {path.name for path in collection.originals.folder.iterdir()}


def test_a_picture_that_is_put_is_kept_searched_and_shown(photos, tmp_path):
    data = picture(tmp_path, "red")
    photos.put("a/red", data, captions=["a red shirt"], attributes={"price": 5})
    item = photos.get("a/red")
    assert (item.captions, item.attributes) == (("a red shirt",), {"price": 5})
    assert Path(item.image_uri).read_bytes() == data
    assert photos.search("red", k=1).hits[0].doc_id == "a/red"
    assert photos.captions(image=data, k=1)[0].caption == "a red shirt"


def test_what_is_refused_leaves_nothing(photos, tmp_path):
    photos.put("a", picture(tmp_path, "red"), attributes={"price": 5})
    for doc_id, data, attributes in (
        ("a", b"text", {}), ("b", picture(tmp_path, "blue"), {"x": [1, "a"]}), ("", picture(tmp_path, "blue"), {}),
        ("c", picture(tmp_path, "blue"), {"x": {"y": 1}}), ("d", picture(tmp_path, "blue"), {"x": float("nan")}),
    ):  # fmt: skip
        with pytest.raises(ImageError):
            photos.put(doc_id, data, attributes=attributes)
    with pytest.raises(ImageError, match="NUL"):
        photos.update("a", attributes={"x": "\0"})
    with pytest.raises(NotFoundError):
        photos.update("b", attributes={"x": 1})
    assert [(one.doc_id, one.attributes) for one in photos.items()] == [("a", {"price": 5})]
    assert len(kept(photos)) == 1


def test_an_id_that_no_database_holds_is_told_of_all_the_same(photos, tmp_path):
    good = CatalogRecord("good", str(save_picture(tmp_path / "red.png", COLOURS["red"])))
    report = photos.add([CatalogRecord("a\0b\ud800", good.image_uri), good])
    assert (report.indexed, [(one.doc_id, one.reason) for one in report.rejected]) == (
        1, [("a\ufffdb?", "invalid-record")],
    )  # fmt: skip


def test_a_change_keeps_the_picture_and_its_vector(photos, tmp_path):
    photos.put("a", picture(tmp_path, "red"), captions=["a red shirt"], attributes={"price": 5, "old": True})
    before, vector = photos.get("a"), photos.vectors(["a"])
    with patch.object(FakeEncoder, "encode_images", side_effect=AssertionError):
        with patch.object(FakeEncoder, "encode_texts", side_effect=AssertionError):
            photos.update("a", attributes={"price": 7, "old": None, "new": ["x"]})
        photos.update("a", captions=["a blue car", "in the rain"])
    after = photos.get("a")
    assert after.key > before.key
    assert (after.captions, after.attributes) == (("a blue car", "in the rain"), {"price": 7, "new": ["x"]})
    assert after.image_uri == before.image_uri
    assert np.array_equal(photos.vectors(["a"]), vector)
    blue = photos.encoder.encode_texts(["a blue car"])[0]
    assert photos.captions(vector=blue, k=5)[0].caption == "a blue car"
    assert {hit.caption for hit in photos.captions(vector=blue, k=5)} == {"a blue car", "in the rain"}
    assert [hit.doc_id for hit in photos.search("red", filter="price = 7").hits] == ["a"]
    assert not photos.search("red", filter="price = 5").hits
    verify(photos)


def test_vectors_from_elsewhere_have_words_that_change_without_a_model(workspace):
    collection = workspace.create("vectors", external_spec("elsewhere", 4), ModelReference("external"))
    vectors = unit_vectors(2, 4)
    collection.add_vectors(["a", "b"], vectors, captions=[("one",), ()])
    collection.update("a", captions=["two", "three"], attributes={"x": 1})
    assert (collection.get("a").captions, collection.get("a").attributes) == (("two", "three"), {"x": 1})
    assert np.array_equal(collection.vectors(["a"]), vectors[:1])
    collection.update("a", attributes={"x": 2})
    assert collection.get("a").captions == ("two", "three")


def test_changes_of_one_document_are_not_lost(photos, tmp_path):
    photos.put("a", picture(tmp_path, "red"), attributes={"count": 0})
    names = [f"n{number}" for number in range(4)]
    threads = [threading.Thread(target=photos.update, args=("a",), kwargs={"attributes": {name: 1}}) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert photos.get("a").attributes == {"count": 0, **dict.fromkeys(names, 1)}


def test_a_version_that_is_no_more_is_not_replaced(photos, tmp_path):
    photos.put("a", picture(tmp_path, "red"))
    key = photos.get("a").key
    photos.put("a", picture(tmp_path, "blue"))
    with pytest.raises(ChangedMeanwhileError):
        photos.writer.commit(WriteBatch(deletes=["a"], expected={"a": key}))
    assert len(photos) == 1


def test_a_writer_waits_no_longer_than_told(photos):
    with writing(photos.folder), pytest.raises(BusyError):
        photos.writer.commit(WriteBatch(deletes=["a"]), wait_s=0.1)


def test_deleting_what_a_filter_keeps(photos, tmp_path):
    for number in range(5):
        photos.put(f"d{number}", picture(tmp_path, "red", number), attributes={"n": number})
    assert photos.delete_matching("n >= 3") == 2
    assert photos.delete_matching("n >= 3") == 0
    with pytest.raises(FilterError):
        photos.delete_matching("colour = 1")
    assert [one.doc_id for one in photos.items()] == ["d0", "d1", "d2"]
    real, tries = photos.catalogue.matching, iter([lambda: photos.update("d1", attributes={"n": 9}), lambda: None])

    def changed_meanwhile(expression):
        found = real(expression)
        next(tries)()
        return found

    with patch.object(catalogue.Catalogue, "matching", side_effect=changed_meanwhile):
        assert photos.delete_matching("n < 2") == 1
    assert [one.doc_id for one in photos.items()] == ["d1", "d2"]


@pytest.mark.parametrize("most", [10_000, 1])
def test_pages_follow_the_ids(photos, tmp_path, most):
    source = save_picture(tmp_path / "one.png", COLOURS["red"])
    ids = [f"{number % 7}/{number}" for number in range(25)]
    photos.add([CatalogRecord(one, str(source), attributes={"n": int(one[2:])}) for one in ids])
    with patch.object(catalogue, "MOST_PARAMETERS", most), patch.object(catalogue, "BATCH", 4):
        for where, wanted in ((None, ids), ("n > 11", [one for one in ids if int(one[2:]) > 11]), ("n > 99", [])):
            pages, after = [], ""
            while page := photos.catalogue.page(after=after, limit=3, filter=where):
                pages.append([one.doc_id for one in page])
                after = page[-1].doc_id
                photos.update(page[0].doc_id, attributes={"changed": True})  # gets another key
            assert [one for page in pages for one in page] == sorted(wanted)
            assert all(len(page) == 3 for page in pages[:-1])
    assert [one.doc_id for one in photos.catalogue.several(["1/1", "no", "0/0"])] == ["1/1", "0/0"]


def test_originals_go_with_their_last_version(photos, tmp_path):
    red, blue = picture(tmp_path, "red"), picture(tmp_path, "blue")
    photos.put("a", red)
    photos.put("b", red)
    photos.put("c", blue)
    (photos.originals.folder / "left.unfinished").write_bytes(b"of a killed writer")
    photos.delete(["a", "c"])
    assert len(kept(photos)) == 3
    photos.compact()
    assert {photos.originals.locate(one.image_uri) for one in photos.items()} == {photos.get("b").image_uri}
    assert len(kept(photos)) == 1
    assert photos.search(image=red, k=1).hits[0].doc_id == "b"


def test_verify_reads_kept_pictures_too(photos, tmp_path):
    photos.put("a", picture(tmp_path, "red"))
    photos.put("b", picture(tmp_path, "blue"))
    verify(photos)
    Path(photos.get("b").image_uri).write_bytes(b"other")
    with pytest.raises(CorruptionError, match=r"pictures of 1 documents .* send them again: b$"):
        verify(photos)
    Path(photos.get("b").image_uri).unlink()
    with pytest.raises(CorruptionError, match=r": b$"):
        verify(photos)
    photos.put("b", picture(tmp_path, "blue"))
    verify(photos)


MOMENTS = [(files, "sync"), (files, "sha256_of"), (collections, "begin_write")]


@pytest.mark.parametrize("moment", range(6))
def test_a_killed_put_leaves_the_catalogue_as_it_was(workspace, tmp_path, moment):
    encoder = FakeEncoder()
    photos = workspace.create("photos", encoder.spec, ModelReference("fake"), encoder=encoder)
    photos.put("a", picture(tmp_path, "red"))
    with killed_at(moment, MOMENTS):
        photos.put("b", picture(tmp_path, "blue"))
        raise AssertionError("it was not killed")
    assert [one.doc_id for one in photos.items()] == ["a"]
    photos.put("b", picture(tmp_path, "blue"))
    photos.compact()
    assert len(kept(photos)) == 2
    assert photos.search("blue", k=1).hits[0].doc_id == "b"


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3) | st.text("xy", max_size=2)),
    st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3)),
)
def test_a_merge_patch_is_that_of_rfc_7396(before, change):
    from retrieval.patching import Patch
    from retrieval.types import Item

    expected = dict(before)
    for name, value in change.items():
        if value is None:
            expected.pop(name, None)
        else:
            expected[name] = value
    merged = Patch(change).applied_to(Item(1, "a", "", (), before)).attributes
    assert merged == {name: value for name, value in expected.items() if value is not None}


def test_conflict_is_what_python_sees(photos, tmp_path):
    photos.put("a", picture(tmp_path, "red"))
    with patch.object(photos.writer, "commit", side_effect=ChangedMeanwhileError("a")):
        with pytest.raises(ConflictError, match="'a' is being changed by others"):
            photos.update("a", attributes={"x": 1})
