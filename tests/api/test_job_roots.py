"""Nothing outside of the source roots is read, whatever a request, a link or a manifest says."""

from __future__ import annotations

import json
import tarfile

import pytest
from helpers import COLOURS, save_picture

from api.jobs.roots import ConfinedSource, SourceRoots
from indexer.sources.open import open_source
from retrieval.errors import InputError, SourceError


@pytest.fixture
def folder(tmp_path):
    for place in ("root/photos", "root-2/maps", "secret"):
        save_picture(tmp_path / place / "a.png", COLOURS["red"])
    return tmp_path


@pytest.fixture
def roots(folder):
    return SourceRoots([folder / "root", folder / "root-2"])


def test_what_lies_under_a_root_is_found_in_the_first_that_has_it(folder, roots):
    (folder / "root" / "again").symlink_to(folder / "root" / "photos")
    assert roots.resolve("photos/a.png") == folder / "root" / "photos" / "a.png"
    assert roots.resolve("again") == folder / "root" / "photos"
    assert roots.resolve("maps") == folder / "root-2" / "maps"
    assert roots.resolve(".") == folder / "root"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("../secret", r"without '\.\.'"),
        ("photos/../../secret", r"without '\.\.'"),
        ("/etc", "relative to a source root"),
        ("a\0b", "relative to a source root"),
        ("https://example.org/photos", "is remote"),
        ("file:///etc", "is remote"),
        ("s3://bucket/photos", "is remote"),
        ("photos/b.png", "there is no 'photos/b.png'"),
        ("*.png", "there is no"),
        ("out", "a link that leads out"),
        ("out/a.png", "a link that leads out"),
        ("sibling", "a link that leads out"),
        ("loop", "there is no"),
    ],
)
def test_what_does_not_is_refused(folder, given, message):
    root = folder / "root"
    (root / "out").symlink_to(folder / "secret")
    (root / "sibling").symlink_to(folder / "root-2")  # whose name begins as the root's does
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(InputError, match=message) as refused:
        SourceRoots([root]).resolve(given)
    assert str(folder) not in str(refused.value)


def test_without_roots_the_message_names_the_setting():
    with pytest.raises(InputError, match="RETRIEVAL_API_SOURCE_ROOTS"):
        SourceRoots([]).resolve("photos")


def records(source, roots) -> list[str]:
    return [record.doc_id for record in ConfinedSource(open_source(source), roots).records()]


def test_links_inside_a_folder(folder, roots):
    photos = folder / "root" / "photos"
    (photos / "map.png").symlink_to(folder / "root-2" / "maps" / "a.png")
    assert records(photos, roots) == ["a.png", "map.png"]
    (photos / "z.png").symlink_to(folder / "secret" / "a.png")
    with pytest.raises(SourceError, match=r"the image of 'z\.png' lies outside"):
        records(photos, roots)
    (photos / "z.png").unlink()
    (photos / "more").symlink_to(folder / "secret")
    with pytest.raises(SourceError, match=r"the image of 'more/a\.png' lies outside"):
        records(photos, roots)


@pytest.mark.parametrize("name", ["../../secret/a.png", "{folder}/secret/a.png", "file://{folder}/secret/a.png"])
def test_what_a_manifest_names(folder, roots, name):
    manifest = folder / "root" / "photos" / "m.jsonl"
    rows = [{"image": image.format(folder=folder), "id": image} for image in ("a.png", "gone.png", name)]
    manifest.write_text("\n".join(map(json.dumps, rows[:2])))
    assert records(manifest, roots) == ["a.png", "gone.png"]
    manifest.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(SourceError, match="lies outside"):
        records(manifest, roots)


def test_a_link_to_a_shard(folder, roots):
    with tarfile.open(folder / "secret" / "s.tar", "w") as shard:
        shard.add(folder / "secret" / "a.png", "a.png")
    (folder / "root" / "shards").mkdir()
    (folder / "root" / "shards" / "s.tar").symlink_to(folder / "secret" / "s.tar")
    with pytest.raises(SourceError, match="lies outside"):
        records(folder / "root" / "shards", roots)


def test_messages_name_sources_as_clients_do(folder, roots):
    root = folder / "root"
    assert roots.hide(f"{root}/photos/m.csv, line 3: wrong; see {folder}/root-2/maps") == (
        "photos/m.csv, line 3: wrong; see maps"
    )
    assert roots.hide(f"{root}: no images in this folder") == ".: no images in this folder"
