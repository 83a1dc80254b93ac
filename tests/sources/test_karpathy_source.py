import json

import pytest

from indexer.sources.karpathy import KarpathySource
from retrieval.errors import SourceError


def image(filename, *raw, **fields):
    return {"filename": filename, "sentences": [{"raw": text, "tokens": []} for text in raw], **fields}


@pytest.fixture
def dataset(tmp_path):
    def write(document, **options):
        path = tmp_path / "dataset.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return KarpathySource(path, **options)

    return write


FIVE = ("a dog .", "two dogs", "a dog .", " a cat\n", "birds")


def test_an_image_has_all_its_sentences_and_its_other_fields_as_attributes(dataset, tmp_path):
    first = image("1.jpg", *FIVE, filepath="val2014", split="restval", sentids=[7, 8], cocoid=42, imgid=0)
    second = image("2.jpg", split="test", tags=["a", "b"], nothing=None)
    source = dataset({"images": [first, second], "dataset": "coco"})
    one, two = source.records()
    assert (one.doc_id, one.image_uri) == ("val2014/1.jpg", str(tmp_path / "val2014" / "1.jpg"))
    assert one.captions == ("a dog .", "two dogs", "a dog .", "a cat", "birds")
    assert one.attributes == {"split": "restval", "cocoid": 42, "imgid": 0}
    assert (two.doc_id, two.captions, two.attributes) == ("2.jpg", (), {"split": "test", "tags": ["a", "b"]})


def test_a_split_keeps_only_its_images(dataset):
    images = [image(f"{i}.jpg", "x", split=split) for i, split in enumerate(["train", "val", "train", "test"])]
    source = dataset({"images": images}, split="train")
    assert source.check() == 2
    assert [record.doc_id for record in source.records()] == ["0.jpg", "2.jpg"]


def test_the_file_is_read_once_and_kept_as_it_was_checked(dataset, tmp_path):
    source = dataset({"images": [image("1.jpg", "x")]})
    assert source.check() == 1
    (tmp_path / "dataset.json").unlink()
    assert [record.doc_id for record in source.records()] == ["1.jpg"]


GOOD = image("1.jpg", "x", split="val")
FAULTS = {
    "not_json": ('{"images": [\n{"filename": }', {}, "dataset.json: not valid JSON (Expecting value: line 2 column 14"),
    "list": ("[]", {}, "dataset.json: not a JSON object"),
    "no_images": ({"image": []}, {}, "dataset.json: no list called 'images'"),
    "empty": ({"images": []}, {}, "dataset.json: no images"),
    "not_an_image": ({"images": [GOOD, 5]}, {}, "dataset.json, images[1]: not a JSON object"),
    "no_name": (
        {"images": [{"sentences": []}]},
        {},
        "images[0]: 'filename' must be a text that is not empty, not miss",
    ),
    "number_as_name": ({"images": [image(5)]}, {}, "images[0]: 'filename' must be a text that is not empty, not 5"),
    "folder": ({"images": [image("1.jpg", filepath=7)]}, {}, "images[0]: 'filepath' must be a text"),
    "no_sentences": ({"images": [{"filename": "1.jpg"}]}, {}, "images[0]: no list called 'sentences'; add it"),
    "texts": ({"images": [{**GOOD, "sentences": ["x"]}]}, {}, "images[0], sentences[0]: not a JSON object"),
    "no_raw": (
        {"images": [{**GOOD, "sentences": [{}]}]},
        {},
        "sentences[0]: 'raw' must be the text of a caption, not m",
    ),
    "nul": ({"images": [image("1.jpg", "\0")]}, {}, "images[0], sentences[0]: 'raw' contains a NUL character"),
    "surrogate": ({"images": [image("\ud800.jpg")]}, {}, "images[0]: 'filename' is not valid Unicode"),
    "nested": ({"images": [image("1.jpg", a={"b": 1})]}, {}, "images[0]: 'a' must be a text, a 64-bit number"),
    "remote": (
        {"images": [image("http://x.example/1.jpg")]},
        {},
        "images[0]: http://x.example/1.jpg: only local files",
    ),
    "long": ({"images": [image("x" * 2001)]}, {}, "images[0]: the file's name is longer than 2000 bytes"),
    "twice": (
        {"images": [GOOD, image("2.jpg"), GOOD]},
        {},
        "images[2]: id '1.jpg' was given before (DIR/dataset.json, images[0]); make the ids unique",
    ),
    "no_such_split": ({"images": [GOOD]}, {"split": "dev"}, "no image of the split 'dev'; there are 'val'"),
    "no_split": ({"images": [GOOD, image("2.jpg")]}, {"split": "val"}, "images[1]: 'split' must be a text that is not"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_is_refused_with_place_and_remedy(dataset, tmp_path, fault):
    document, options, expected = FAULTS[fault]
    with pytest.raises(SourceError) as caught:
        dataset(document, **options).check()
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/dataset.json")
    assert expected.replace("DIR", str(tmp_path)) in message
    assert "\n" not in message


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "x.json").write_bytes(b'{"images": "caf\xe9"}')
    with pytest.raises(SourceError, match=r"x.json: not UTF-8 text \(byte 16\); save it as UTF-8"):
        KarpathySource(tmp_path / "x.json").check()


def test_a_byte_order_mark_is_no_part_of_the_json(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"images": [GOOD]}), encoding="utf-8-sig")
    assert KarpathySource(tmp_path / "x.json").check() == 1


def test_a_file_that_is_gone_is_a_source_error(tmp_path):
    with pytest.raises(SourceError, match=r"gone.json: cannot be read \(No such file"):
        KarpathySource(tmp_path / "gone.json").check()
