import pytest

from indexer.sources.coco import CocoCaptionsSource
from indexer.sources.flickr_token import FlickrTokenSource
from indexer.sources.folder import FolderSource
from indexer.sources.karpathy import KarpathySource
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
    (tmp_path / "karpathy.json").write_text('{"images": [{"filename": "1.jpg", "split": "val", "sentences": []}]}')
    (tmp_path / "coco.json").write_text('{"annotations": [], "images": [{"id": 1, "file_name": "\\"sentences\\": 1"}]}')
    (tmp_path / "Flickr8k.token.txt").write_text("\n1.jpg#0\ta dog\n1.jpg#1\ta cat\n2.jpg#0\ta cow\n")
    (tmp_path / "captions.txt").write_text("image,caption\n1.jpg,a dog\n")
    (tmp_path / "captions.csv").write_text("image,caption\n1.jpg,a dog\n1.jpg,a cat\n")
    (tmp_path / "results.csv").write_text("image_name| comment_number| comment\n1.jpg| 0| a dog\n")
    (tmp_path / "pairs.csv").write_text("image,caption\n1.jpg,a dog\n2.jpg,a cat\n")
    (tmp_path / "stats.json").write_text('{"count": 3}')
    (tmp_path / "rows.json").write_text('[{"image": "1.jpg"}]')
    (tmp_path / "cut.json").write_text('{"images": [')
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
        ("pairs.csv", ManifestSource, 2),
        ("karpathy.json", KarpathySource, 1),
        ("coco.json", CocoCaptionsSource, 1),
        ("Flickr8k.token.txt", FlickrTokenSource, 2),
        ("captions.txt", FlickrTokenSource, 1),
        ("captions.csv", FlickrTokenSource, 1),
        ("results.csv", FlickrTokenSource, 1),
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


@pytest.mark.parametrize("name", ["m.jsonl", "karpathy.json", "coco.json", "Flickr8k.token.txt", "results.csv"])
def test_images_may_lie_in_another_folder(data, name):
    beside = next(open_source(data / name).records())
    elsewhere = next(open_source(data / name, images=str(data / "shards")).records())
    assert elsewhere.doc_id == beside.doc_id
    assert beside.image_uri == str(data / beside.doc_id)
    assert elsewhere.image_uri == str(data / "shards" / beside.doc_id)


def test_caption_file_options_arrive(data):
    (record,) = open_source(data / "karpathy.json", split="val", exclude=["split"]).records()
    assert record.attributes == {}
    with pytest.raises(SourceError, match="no image of the split 'test'; there are 'val'"):
        open_source(data / "karpathy.json", split="test").check()
    (record,) = open_source(data / "coco.json", exclude=["id"]).records()
    assert record.attributes == {}


def test_rows_with_named_columns_are_a_manifest(data):
    records = open_source(data / "captions.csv", id_column="caption").records()
    assert [record.doc_id for record in records] == ["a dog", "a cat"]


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
        ("coco.json", {"images_tar": "x.tar"}, "for manifests"),
        ("photos", {"images": "shards"}, "images, the folder that names are relative to, is for"),
        ("shards", {"images": "shards"}, "images, the folder that names are relative to, is for"),
        ("m.jsonl", {"split": "val"}, "split is for Karpathy-style JSON"),
        ("coco.json", {"split": "val"}, "split is for Karpathy-style JSON"),
        ("captions.txt", {"exclude": ["a"]}, "no fields to exclude"),
        ("stats.json", {}, "neither Karpathy-style (images with 'sentences') nor COCO"),
        ("rows.json", {}, "not a JSON object"),
        ("cut.json", {}, "not valid JSON (Expecting value: line 1 column 13"),
    ],
)
def test_what_cannot_be_opened_says_what_can(data, location, options, expected):
    with pytest.raises(SourceError) as caught:
        open_source(data / location, **options)
    assert expected in str(caught.value)
    assert location in str(caught.value)


def test_the_folder_of_images_must_be_there_and_the_only_place(data):
    with pytest.raises(SourceError, match=r"gone: no such folder"):
        open_source(data / "coco.json", images=data / "gone")
    with pytest.raises(SourceError, match=r"images or images_tar, not both"):
        open_source(data / "m.jsonl", images=data / "shards", images_tar=data / "shards" / "0.tar")


def test_a_folder_with_a_bracket_in_its_name_is_no_pattern(tmp_path, png):
    folder = tmp_path / "holiday [2020]"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(1))
    assert open_source(folder).check() == 1
