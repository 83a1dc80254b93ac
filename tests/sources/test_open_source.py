import pytest

from indexer.sources.folder import FolderSource
from indexer.sources.manifest import ManifestSource
from indexer.sources.open import open_source
from indexer.sources.webdataset import WebDatasetSource
from retrieval.errors import SourceError


@pytest.fixture
def data(tmp_path, png, pack):
    (tmp_path / "photos" / "sub").mkdir(parents=True)
    (tmp_path / "photos" / "sub" / "a.png").write_bytes(png(1))
    pack(tmp_path / "photos" / "backup.tar", {"b.png": png(2)})
    (tmp_path / "shards").mkdir()
    for i in range(3):
        pack(tmp_path / "shards" / f"{i}.tar", {f"{i}.png": png(i)})
    (tmp_path / "shards" / "0_stats.json").write_text("{}")
    (tmp_path / "m.csv").write_text("file,sku,title,n\nphotos/sub/a.png,1,hello,3\n")
    (tmp_path / "m.jsonl").write_text('{"image": "photos/sub/a.png"}\n')
    (tmp_path / "empty").mkdir()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "list.csv").write_text("image\n1.jpg\n")
    (tmp_path / "notes.txt").write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("location", "kind", "count"),
    [
        ("photos", FolderSource, 1),
        ("shards", WebDatasetSource, 3),
        ("shards/1.tar", WebDatasetSource, 1),
        ("shards/[01].tar", WebDatasetSource, 2),
        ("**/*.tar", WebDatasetSource, 4),
        ("m.jsonl", ManifestSource, 1),
    ],
)
@pytest.mark.parametrize("as_type", [str, None])
def test_the_kind_is_told_by_what_is_there(data, location, kind, count, as_type):
    where = data / location
    source = open_source(where if as_type is None else as_type(where))
    assert isinstance(source, kind)
    assert source.check() == count


def test_manifest_options_arrive(data):
    source = open_source(data / "m.csv", image_column="file", id_column="sku", caption_columns=["title"], exclude=["n"])
    (record,) = source.records()
    assert (record.doc_id, record.captions, record.attributes) == ("1", ("hello",), {})
    (record,) = open_source(data / "m.jsonl", images_tar=data / "shards" / "0.tar").records()
    assert "0.tar#name=" in record.image_uri


@pytest.mark.parametrize(
    ("location", "options", "expected"),
    [
        ("gone", {}, "no such file or folder"),
        ("gone.csv", {}, "no such file or folder"),
        ("empty", {}, "neither images nor .tar shards"),
        ("tables", {}, "name it (list.csv)"),
        ("notes.txt", {}, "not a kind of file that can be indexed"),
        ("*.zip", {}, "no file matches this pattern"),
        ("*/*", {}, "a pattern names shards only"),
        ("photos", {"image_column": "file"}, "for manifests"),
        ("photos", {"exclude": ["a"]}, "no fields to exclude"),
        ("shards", {"images_tar": "x.tar"}, "for manifests"),
    ],
)
def test_what_cannot_be_opened_says_what_can(data, location, options, expected):
    with pytest.raises(SourceError) as caught:
        open_source(data / location, **options)
    assert expected in str(caught.value)
    assert location in str(caught.value)


def test_a_folder_with_a_bracket_in_its_name_is_no_pattern(tmp_path, png):
    folder = tmp_path / "holiday [2020]"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(1))
    assert open_source(folder).check() == 1
