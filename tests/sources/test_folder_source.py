import os

import pytest

from indexer.sources.folder import FolderSource
from retrieval.errors import SourceError
from retrieval.images.read import read_image


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def ids(root):
    return [record.doc_id for record in FolderSource(root).records()]


def test_images_below_a_folder_in_the_order_of_names(tmp_path):
    touch(tmp_path, "b.JPG", "a/2.png", "a/10.webp", "c/d/e.tiff", "a.jpeg", "f.heic")
    assert ids(tmp_path) == ["a/10.webp", "a/2.png", "a.jpeg", "b.JPG", "c/d/e.tiff", "f.heic"]


def test_the_folder_attribute_is_the_path_of_the_parent(tmp_path):
    touch(tmp_path, "top.jpg", "dress/1.jpg", "shoes/red/2.jpg")
    folders = {record.doc_id: dict(record.attributes) for record in FolderSource(tmp_path).records()}
    assert folders == {
        "top.jpg": {},
        "dress/1.jpg": {"folder": "dress"},
        "shoes/red/2.jpg": {"folder": "shoes/red"},
    }


def test_other_and_hidden_files_are_skipped(tmp_path):
    touch(tmp_path, "notes.txt", ".hidden.jpg", ".thumbnails/a.jpg", "jpg", "a.jpg.part", "kept.jpg")
    assert ids(tmp_path) == ["kept.jpg"]


def test_links_are_followed_but_not_in_circles(tmp_path):
    touch(tmp_path, "real/a.jpg")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "self.jpg").symlink_to(tmp_path / "self.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    records = {record.doc_id: record for record in FolderSource(tmp_path).records()}
    assert list(records) == ["again/a.jpg", "gone.jpg", "real/a.jpg", "self.jpg"]
    assert records["gone.jpg"].signature is None  # reading it will say why


def test_a_name_that_is_not_utf8_is_escaped_and_still_readable(tmp_path):
    name = os.fsdecode(b"caf\xe9/\xff.jpg")
    touch(tmp_path, name)
    (record,) = FolderSource(tmp_path).records()
    assert record.doc_id == r"caf\xe9/\xff.jpg"
    assert record.attributes == {"folder": r"caf\xe9"}
    record.image_uri.encode()
    assert read_image(record.image_uri) == b"x"


def test_an_escaped_name_never_takes_the_id_of_another(tmp_path):
    touch(tmp_path, os.fsdecode(b"\xe9.jpg"), r"\xe9.jpg")
    with pytest.raises(SourceError, match="given before"):
        FolderSource(tmp_path).check()


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.jpg", "locked/2.jpg")
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(SourceError, match=r"locked: this folder cannot be read \(Permission denied\)"):
        FolderSource(tmp_path).check()


def test_a_folder_without_images_is_an_error(tmp_path):
    touch(tmp_path, "notes.txt")
    with pytest.raises(SourceError, match="no images"):
        FolderSource(tmp_path).check()
