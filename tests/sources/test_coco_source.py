import json

import pytest

from indexer.sources.coco import CocoCaptionsSource
from retrieval.errors import SourceError


@pytest.fixture
def dataset(tmp_path):
    def write(images, annotations, **options):
        path = tmp_path / "captions.json"
        path.write_text(json.dumps({"info": {}, "images": images, "annotations": annotations}))
        return CocoCaptionsSource(path, **options)

    return write


def image(image_id, name, **fields):
    return {"id": image_id, "file_name": name, **fields}


def caption(annotation_id, image_id, text="x"):
    return {"id": annotation_id, "image_id": image_id, "caption": text}


def test_captions_are_joined_to_their_images_in_the_order_of_the_annotations(dataset, tmp_path):
    images = [image(7, "a.jpg", width=640, url="u"), image(3, "b/b.jpg"), image("7", "c.jpg")]
    annotations = [caption(4, 3, "of b"), caption(2, 7, "one\n"), caption(3, 7, "two"), caption("2", "7", "of c")]
    a, b, c = dataset(images, [*annotations, caption(1, 7, "two"), caption(9, 7, " ")], exclude=["url"]).records()
    assert (a.doc_id, a.captions, a.attributes) == ("a.jpg", ("one", "two", "two"), {"id": 7, "width": 640})
    assert (b.doc_id, b.captions, b.image_uri) == ("b/b.jpg", ("of b",), str(tmp_path / "b" / "b.jpg"))
    assert (c.doc_id, c.captions, c.attributes) == ("c.jpg", ("of c",), {"id": "7"})


def test_an_image_without_captions_is_kept(dataset):
    source = dataset([image(1, "a.jpg"), image(2, "b.jpg")], [caption(1, 2)])
    assert source.check() == 2
    assert [record.captions for record in source.records()] == [(), ("x",)]


A = image(1, "a.jpg")
FAULTS = {
    "no_images": ({}, [], ": no list called 'images'"),
    "no_annotations": ([A], {}, ": no list called 'annotations'"),
    "empty": ([], [], ": no images; give"),
    "no_id": ([{"file_name": "a.jpg"}], [], ", images[0]: no 'id', or none that is a number or a text"),
    "true_id": ([image(True, "a.jpg")], [], ", images[0]: no 'id', or none"),
    "list_id": ([image([1], "a.jpg")], [], ", images[0]: no 'id', or none"),
    "same_id": ([A, image(1, "b.jpg")], [], ", images[1]: image id 1 was given before (DIR/captions.json, images[0])"),
    "same_name": (
        [A, image(2, "a.jpg")],
        [],
        ", images[1]: id 'a.jpg' was given before (DIR/captions.json, images[0])",
    ),
    "no_name": ([{"id": 1}], [], ", images[0]: 'file_name' must be a text that is not empty, not missing"),
    "no_annotation": ([A], ["x"], ", annotations[0]: not a JSON object"),
    "no_annotation_id": ([A], [{"image_id": 1, "caption": "x"}], ", annotations[0]: no 'id'"),
    "no_image_id": ([A], [{"id": 48, "caption": "x"}], ", annotations[0] (id 48): no 'image_id'"),
    "dangling": (
        [A],
        [caption(5, 1), caption(48, 2)],
        ", annotations[1] (id 48): a caption for image 2, which is not th",
    ),
    "text_for_number": (
        [A],
        [caption(48, "1")],
        ", annotations[0] (id 48): a caption for image '1', which is not there",
    ),
    "same_annotation": (
        [A],
        [caption(48, 1), caption(48, 1)],
        ", annotations[1] (id 48): this id was given before (DIR/captions.json, annotations[0])",
    ),
    "boxes": (
        [A],
        [{"id": 48, "image_id": 1, "bbox": []}],
        ", annotations[0] (id 48): no 'caption'; give a file of cap",
    ),
    "number": ([A], [caption(48, 1, 5)], ", annotations[0] (id 48): 'caption' must be the text of a caption, not 5"),
    "surrogate": ([A], [caption(48, 1, "\ud800")], ", annotations[0] (id 48): 'caption' is not valid Unicode"),
    "nested": ([image(1, "a.jpg", size=[1, 2])], [], ", images[0]: 'size' must be a text, a 64-bit number"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_is_refused_with_place_and_remedy(dataset, tmp_path, fault):
    images, annotations, expected = FAULTS[fault]
    with pytest.raises(SourceError) as caught:
        dataset(images, annotations).check()
    assert str(caught.value).startswith(f"{tmp_path}/captions.json" + expected.replace("DIR", str(tmp_path)))
    assert "\n" not in str(caught.value)
