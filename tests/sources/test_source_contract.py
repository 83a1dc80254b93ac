"""What every CatalogSource promises, checked on each of them."""

import json
import os

import pytest

from indexer.sources.coco import CocoCaptionsSource
from indexer.sources.flickr_token import FlickrTokenSource
from indexer.sources.folder import FolderSource
from indexer.sources.karpathy import KarpathySource
from indexer.sources.manifest import ManifestSource
from indexer.sources.webdataset import WebDatasetSource
from retrieval.images.decode import decode
from retrieval.images.read import read_image
from retrieval.protocols import CatalogSource

NAMES = ["b/two.png", "a.png", "b/one ü #%.png", "a/c/three.png"]


class Case:
    """A source in a folder of its own, with `write` to (re)write the image called `name`."""

    def __init__(self, root, png, pack):
        self.root, self.png, self.pack = root, png, pack
        self.images = {name: png(10 * i) for i, name in enumerate(NAMES)}
        self.build()

    def change(self, name):
        self.images[name] = self.png(99)
        self.build()

    def write_files(self):
        for name, data in self.images.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != data:
                path.write_bytes(data)
                later(path)

    def write_tar(self, members):
        path = self.root / "shard.tar"
        self.pack(path, members)
        later(path)


def later(path):
    """A modification time that differs from the last one, however coarse the clock."""
    later.time += 1
    os.utime(path, (later.time, later.time))


later.time = 1_700_000_000


class Folder(Case):
    def build(self):
        self.write_files()

    def source(self):
        return FolderSource(self.root)


class Csv(Case):
    def build(self):
        self.write_files()
        (self.root / "m.csv").write_text("image,n\n" + "".join(f'"{name}",{len(name)}\n' for name in NAMES))

    def source(self):
        return ManifestSource(self.root / "m.csv")


class Jsonl(Case):
    def build(self):
        self.write_files()
        rows = [{"image": name, "caption": f"picture {name}", "attributes": {"n": 1.5}} for name in NAMES]
        (self.root / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))

    def source(self):
        return ManifestSource(self.root / "m.jsonl")


class CsvOverTar(Case):
    def build(self):
        self.write_tar(self.images)
        (self.root / "m.csv").write_text("image\n" + "".join(f'"{name}"\n' for name in NAMES))

    def source(self):
        return ManifestSource(self.root / "m.csv", images_tar=self.root / "shard.tar")


class Shards(Case):
    def build(self):
        self.write_tar({**self.images, "a.json": b'{"caption": "first"}'})

    def source(self):
        return WebDatasetSource([self.root / "shard.tar"])


class Karpathy(Case):
    def build(self):
        self.write_files()
        images = []
        for name in NAMES:
            folder, _, filename = name.rpartition("/")
            sentences = [{"raw": f"{name} {i}", "tokens": [], "sentid": i} for i in range(5)]
            image = {
                "filepath": folder,
                "filename": filename,
                "split": "val",
                "sentids": [1, 2],
                "sentences": sentences,
            }
            images.append(image)
        (self.root / "dataset.json").write_text(json.dumps({"images": images, "dataset": "x"}))

    def source(self):
        return KarpathySource(self.root / "dataset.json")


class Coco(Case):
    def build(self):
        self.write_files()
        images = [{"id": i, "file_name": name, "width": 4} for i, name in enumerate(NAMES)]
        annotations = [{"id": 9 * i, "image_id": i % 4, "caption": f"caption {i}"} for i in range(20)]
        (self.root / "captions.json").write_text(json.dumps({"annotations": annotations, "images": images}))

    def source(self):
        return CocoCaptionsSource(self.root / "captions.json")


class FlickrToken(Case):
    def build(self):
        self.write_files()
        (self.root / "x.token").write_text("".join(f"{name}#{i}\tcaption {i}\n" for name in NAMES for i in range(5)))

    def source(self):
        return FlickrTokenSource(self.root / "x.token")


class FlickrCsv(Case):
    def build(self):
        self.write_files()
        rows = [f'"{name}","caption {i}, really"\n' for name in NAMES for i in range(5)]
        (self.root / "captions.csv").write_text("image,caption\n" + "".join(rows))

    def source(self):
        return FlickrTokenSource(self.root / "captions.csv")


@pytest.fixture(params=[Folder, Csv, Jsonl, CsvOverTar, Shards, Karpathy, Coco, FlickrToken, FlickrCsv])
def case(request, tmp_path, png, pack):
    return request.param(tmp_path, png, pack)


def test_it_is_a_catalog_source(case):
    assert isinstance(case.source(), CatalogSource)


def test_records_come_once_each_in_the_same_order(case):
    source = case.source()
    first = list(source.records())
    assert list(source.records()) == first
    assert list(case.source().records()) == first
    assert sorted(record.doc_id for record in first) == sorted(NAMES)


def test_check_counts_the_records(case):
    assert case.source().check() == len(NAMES)


def test_every_uri_reads_the_bytes_of_its_image(case):
    for record in case.source().records():
        assert read_image(record.image_uri) == case.images[record.doc_id]
        assert decode(read_image(record.image_uri)).pixels.shape == (4, 4, 3)


def test_what_a_record_holds_can_be_stored(case):
    for record in case.source().records():
        for text in (record.doc_id, record.image_uri, record.signature, *record.captions):
            text.encode()
        assert json.loads(json.dumps(dict(record.attributes))) == record.attributes


def test_the_signature_changes_when_the_bytes_change(case):
    before = {record.doc_id: record.signature for record in case.source().records()}
    case.change("a.png")
    after = {record.doc_id: record.signature for record in case.source().records()}
    assert after["a.png"] != before["a.png"]
    assert None not in before.values()


def test_source_files_named_relative_to_the_working_folder_give_absolute_uris(case, monkeypatch):
    absolute = list(case.source().records())
    monkeypatch.chdir(case.root.parent)
    case.root = type(case.root)(case.root.name)
    assert list(case.source().records()) == absolute
