import json

import pytest

from indexer.sources.manifest import ManifestSource
from indexer.sources.manifest_columns import ManifestColumns
from retrieval.errors import ImageError, SourceError
from retrieval.images.read import read_image


@pytest.fixture
def manifest(tmp_path):
    def write(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return ManifestSource(path, **options)

    return write


def only(source):
    (record,) = source.records()
    return record


def refused(source):
    with pytest.raises(SourceError) as caught:
        source.check()
    with pytest.raises(SourceError, match=r"."):
        list(source.records())
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_csv_columns_have_the_type_that_fits_all_their_cells(manifest):
    source = manifest(
        "m.csv",
        "image,price,stock,sale,size,zip,phone,big,note\n"
        "1.jpg,9.50,3,true,36,02139,+49,9223372036854775808,\n"
        "2.jpg,12,,FALSE,M,10001,5,1,hello\n"
        "3.jpg,1e2,-4, True ,38,94105,7,2,  \n",
    )
    assert [dict(record.attributes) for record in source.records()] == [
        {"price": 9.5, "stock": 3, "sale": True, "size": "36", "zip": "02139", "phone": "+49", "big": 2.0**63},
        {"price": 12.0, "sale": False, "size": "M", "zip": "10001", "phone": "5", "big": 1.0, "note": "hello"},
        {"price": 100.0, "stock": -4, "sale": True, "size": "38", "zip": "94105", "phone": "7", "big": 2.0},
    ]
    first = next(source.records()).attributes
    assert type(first["stock"]) is int
    assert type(first["price"]) is float


def test_numbers_that_json_does_not_have_stay_text(manifest):
    record = only(manifest("m.csv", "image,a,b,c,d,e\n1.jpg,nan,inf,1e999,1_000,٣\n"))
    assert record.attributes == {"a": "nan", "b": "inf", "c": "1e999", "d": "1_000", "e": "٣"}


@pytest.mark.parametrize(
    ("header", "row", "doc_id"),
    [
        ("image,title", "p/1.jpg,x", "p/1.jpg"),
        ("image,id", "1.jpg,007", "007"),
        ("image,id,doc_id", "1.jpg,7,eight", "eight"),
    ],
)
def test_the_id_is_its_column_or_the_image_as_written(manifest, header, row, doc_id):
    assert only(manifest("m.csv", f"{header}\n{row}\n")).doc_id == doc_id


def test_captions_come_from_all_caption_columns_each_once(manifest):
    record = only(
        manifest("m.csv", 'image,caption,captions,caption_1,caption_2\n1.jpg, a ,"[""b"", ""a""]",2020,\n'),
    )
    assert record.captions == ("a", "b", "2020")
    assert record.attributes == {}


def test_columns_can_be_named_and_excluded(manifest):
    columns = ManifestColumns(image="file", doc_id="sku", captions=("title",), exclude=frozenset({"secret"}))
    record = only(manifest("m.tsv", "file\tsku\ttitle\tcaption\tsecret\n1.jpg\t12\t7\tc\ts\n", columns=columns))
    assert (record.doc_id, record.captions) == ("12", ("7",))
    assert record.attributes == {"caption": "c"}


def test_what_spreadsheets_and_data_frames_write_is_read(manifest):
    record = only(manifest("m.CSV", b'\xef\xbb\xbf,image,title\r\n0,"a, ""b"".jpg","two\nlines"\r\n\r\n'))
    assert record.doc_id == 'a, "b".jpg'
    assert record.attributes == {"title": "two\nlines"}


def test_jsonl_keeps_json_types_and_merges_attributes(manifest):
    row = {
        "image": "1.jpg",
        "id": 12,
        "caption": "one",
        "captions": ["two", "", "one"],
        "price": 5,
        "tags": ["a", "b"],
        "none": None,
        "attributes": {"flag": False, "ratio": 0.5},
    }
    record = only(manifest("m.jsonl", "\ufeff" + json.dumps(row) + "\n\n"))
    assert (record.doc_id, record.captions) == ("12", ("one", "two"))
    assert record.attributes == {"price": 5, "tags": ["a", "b"], "flag": False, "ratio": 0.5}


def test_nan_is_absent(manifest):
    assert only(manifest("m.ndjson", '{"image": "1.jpg", "price": NaN, "n": 1}')).attributes == {"n": 1}


def test_paths_are_relative_to_the_manifest(manifest, tmp_path):
    records = list(manifest("m.csv", f"image\nsub/1.jpg\n{tmp_path}/2.jpg\nfile:///x%20y.jpg\n").records())
    assert [record.image_uri for record in records] == [
        str(tmp_path / "sub/1.jpg"),
        str(tmp_path / "2.jpg"),
        "file:///x%20y.jpg",
    ]
    assert {record.signature for record in records} == {None}  # none of them is there; reading them says so


def test_images_in_a_tar_are_read_in_place_and_missing_ones_say_so(manifest, tmp_path, png, pack):
    tar = pack(tmp_path / "photos.tar", {"./images/1.png": png(1), "images/2.png": png(2)})
    content = "image\nimages/1.png\n./images/2.png\nimages/3.png\n"
    first, second, third = manifest("m.csv", content, images_tar=tar).records()
    assert read_image(first.image_uri) == png(1)
    assert read_image(second.image_uri) == png(2)
    with pytest.raises(ImageError, match=r"photos.tar \(images/3.png\).*no such member") as caught:
        read_image(third.image_uri)
    assert caught.value.reason == "missing"


CSV_FAULTS = {
    "no_image": ("file,title\n1.jpg,x\n", "line 1: no column 'image' among 'file', 'title'; name"),
    "semicolons": ("image;title\n1.jpg;x\n", "line 1: no column 'image' among 'image;title'; separate"),
    "few": ("image,a,b\n1.jpg,1,2\n2.jpg,1\n", "line 3: 2 columns where the header has 3; complete the row"),
    "many": ("image,a\n1.jpg,1\n\n2.jpg,1,000\n", "line 4: 3 columns where the header has 2; quote"),
    "multiline": ('image,a\n1.jpg,"x\ny"\n2.jpg\n', "line 4: 1 columns"),
    "twice": ("image,a,a\n1.jpg,1,2\n", "line 1: two columns are called 'a'"),
    "open_quote": ('image,a\n1.jpg,x\n2.jpg,"x\n3.jpg,y\n', "line 3: not valid CSV"),
    "empty_image": ("image,a\n1.jpg,1\n,2\n", "line 3: 'image' must be the path of an image, not ''"),
    "empty_id": ("image,id\n1.jpg,a\n2.jpg, \n", "line 3: 'id' is empty"),
    "same_id": ("image,id\n1.jpg,a\n2.jpg,b\n3.jpg,a\n", "line 4: id 'a' was given before"),
    "bad_list": ("image,captions\n1.jpg,\"['a', 'b']\"\n", "line 2: 'captions': not valid JSON"),
    "remote": ("image\nhttps://host.example/1.jpg\n", "line 2: https://host.example/1.jpg: only local files"),
    "latin1": (b"image,a\n1.jpg,x\n2.jpg,caf\xe9\n", "line 3: not UTF-8 text (byte 10 of the line)"),
    "utf16": ("image,a\n1.jpg,x\n".encode("utf-16"), "line 1: not UTF-8 text"),
    "nul": (b"image,a\n1.jpg,x\0\n", "line 2: contains a NUL character"),
    "empty": (b"", "m.csv: empty; write a header"),
    "header_only": ("image,a\n", "m.csv: no rows"),
}


@pytest.mark.parametrize("fault", CSV_FAULTS)
def test_a_broken_csv_is_refused_with_file_line_and_remedy(manifest, fault):
    content, expected = CSV_FAULTS[fault]
    source = manifest("m.csv", content)
    if fault == "header_only":
        with pytest.raises(SourceError, match="no rows"):
            source.check()
        return
    message = refused(source)
    assert "m.csv" in message
    assert expected in message


def test_a_duplicate_id_names_both_lines(manifest, tmp_path):
    path = tmp_path / "m.csv"
    message = refused(manifest("m.csv", "image\na.jpg\nb.jpg\na.jpg\n"))
    assert message.startswith(f"{path}, line 4: id 'a.jpg' was given before ({path}, line 2)")


JSONL_FAULTS = {
    "bad_json": ('{"image": "1.jpg"}\n{"image": \n', "line 2: not valid JSON"),
    "array": ('[{"image": "1.jpg"}]\n', "line 1: not a JSON object"),
    "no_image": ('{"image": "1.jpg"}\n{"file": "2.jpg"}\n', "line 2: no field 'image' among 'file'"),
    "number_as_image": ('{"image": 5}\n', "line 1: 'image' must be the path of an image, not 5"),
    "nested": ('{"image": "1.jpg", "a": {"b": 1}}\n', "line 1: 'a' must be a text, a 64-bit number"),
    "mixed_list": ('{"image": "1.jpg", "a": ["b", 1]}\n', "not a mixed list; convert it or exclude"),
    "caption": (
        '{"image": "1.jpg", "caption": 5}\n',
        "line 1: 'caption' must be a text or a list of texts, not a",
    ),
    "bool_id": ('{"image": "1.jpg", "id": true}\n', "line 1: 'id' must be a text or a whole number"),
    "huge": ('{"image": "1.jpg", "a": ' + "9" * 400 + "}\n", "not a number that large"),
    "huger": ('{"image": "1.jpg", "a": ' + "9" * 5000 + "}\n", "line 1: not valid JSON"),
    "infinite": ('{"image": "1.jpg", "a": 1e999}\n', "not a number that large"),
    "surrogate": (r'{"image": "1.jpg", "caption": "\ud800"}', "line 1: 'caption' is not valid Unicode"),
    "nul": (r'{"image": "1.jpg", "a": "\u0000"}', "line 1: 'a' contains a NUL character"),
    "nul_name": (r'{"image": "1.jpg", "\u0000": 1}', "line 1: an attribute's name contains a NUL character"),
    "nul_image": (r'{"image": "1\u0000.jpg"}', "line 1: 'image' contains a NUL character"),
    "both": ('{"image": "1.jpg", "a": 1, "attributes": {"a": 2}}', "line 1: attribute 'a' is given twice"),
    "deep": ("[" * 100_000, "line 1: not valid JSON"),
    "long_id": (json.dumps({"image": "1.jpg", "id": "ü" * 1001}), "line 1: 'id' is longer than 2000 bytes"),
}


@pytest.mark.parametrize("fault", JSONL_FAULTS)
def test_a_broken_jsonl_is_refused_with_file_line_and_remedy(manifest, fault):
    content, expected = JSONL_FAULTS[fault]
    message = refused(manifest("m.jsonl", content))
    assert "m.jsonl" in message
    assert expected in message


def test_columns_asked_for_must_be_there(manifest):
    columns = ManifestColumns(captions=("titel",))
    assert "no column 'titel'" in refused(manifest("m.csv", "image,title\n1.jpg,x\n", columns=columns))
    assert "caption column 'titel'" in refused(manifest("m.jsonl", '{"image": "1.jpg", "title": "x"}', columns=columns))
    columns = ManifestColumns(doc_id="sku")
    assert "no field 'sku'" in refused(manifest("m.jsonl", '{"image": "1.jpg"}', columns=columns))


def test_an_excluded_field_may_hold_anything(manifest):
    columns = ManifestColumns(exclude=frozenset({"exif"}))
    record = only(manifest("m.jsonl", '{"image": "1.jpg", "exif": {"iso": 100}, "a": 1}', columns=columns))
    assert record.attributes == {"a": 1}


def test_a_manifest_that_is_gone_is_a_source_error(tmp_path):
    assert "gone.csv: cannot be read (No such file" in refused(ManifestSource(tmp_path / "gone.csv"))
