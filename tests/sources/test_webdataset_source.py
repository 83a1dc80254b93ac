import json
import tarfile
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.sources.webdataset import WebDatasetSource
from retrieval.errors import SourceError
from retrieval.images.read import read_image


def refused(*shards):
    with pytest.raises(SourceError) as caught:
        WebDatasetSource(shards).check()
    message = str(caught.value)
    assert "\n" not in message
    message.encode()
    return message


def test_the_files_of_a_sample_are_joined_wherever_they_lie(tmp_path, png, pack):
    members = {
        "b.json": json.dumps({"captions": ["one", "two"], "price": 5, "season": None}).encode(),
        "a.jpg": png(1),
        "b.jpg": png(2),
        "c/d.PNG": png(3),
        "a.txt": b" a dog \n",
        "b.txt": b"two",
        "c/d.cls": b"7",
        "b.cls": b"dress",
        "c/d.npy": b"ignored",
    }
    records = list(WebDatasetSource([pack(tmp_path / "s.tar", members)]).records())
    assert [(r.doc_id, r.captions, dict(r.attributes)) for r in records] == [
        ("a.jpg", ("a dog",), {}),
        ("b.jpg", ("one", "two"), {"cls": "dress", "price": 5}),
        ("c/d.PNG", (), {"cls": 7}),
    ]
    assert [read_image(r.image_uri) for r in records] == [png(1), png(2), png(3)]


def test_names_with_dots_long_names_and_dot_slash(tmp_path, png, pack):
    long = "f" * 90 + "/" + "n" * 120 + ".jpg"
    names = ["./shot 10.20.30.jpg", long, "ü.jpg"]
    path = pack(tmp_path / "s.tar", {**{name: png(9) for name in names}, "shot 10.20.30.json": b'{"a": 1}'})
    records = list(WebDatasetSource([path]).records())
    assert [r.doc_id for r in records] == ["shot 10.20.30.jpg", long, "ü.jpg"]
    assert records[0].attributes == {"a": 1}
    assert all(read_image(r.image_uri) == png(9) for r in records)


def test_a_member_name_that_is_not_utf8_is_escaped_and_still_readable(tmp_path, png, pack):
    (record,) = WebDatasetSource([pack(tmp_path / "s.tar", {"caf\udce9.jpg": png(4)})]).records()
    assert record.doc_id == r"caf\xe9.jpg"
    assert read_image(record.image_uri) == png(4)


def test_hidden_members_and_folders_are_skipped(tmp_path, png, pack):
    members = {"._a.jpg": b"x", ".t/b.jpg": b"x", "a.jpg": png(1), "c/.d/e.jpg": b"x"}
    assert [r.doc_id for r in WebDatasetSource([pack(tmp_path / "s.tar", members)]).records()] == ["a.jpg"]


def test_shards_of_img2dataset(tmp_path, png, pack):
    fields = {"caption": "a cat", "url": "https://x.example/c.jpg", "key": "000000000", "width": 4, "error": None}
    members = {"000000000.jpg": png(1), "000000000.json": json.dumps(fields).encode(), "000000000.txt": b"a cat"}
    (record,) = WebDatasetSource([pack(tmp_path / "00000.tar", members)], exclude=["url"]).records()
    assert record.captions == ("a cat",)
    assert record.attributes == {"key": "000000000", "width": 4}


def test_an_id_in_two_shards_names_both(tmp_path, png, pack):
    first = pack(tmp_path / "1.tar", {"a.jpg": png(1), "b.jpg": png(2)})
    second = pack(tmp_path / "2.tar", {"b.jpg": png(3)})
    message = refused(first, second)
    assert message.startswith(f"{second}, b.jpg at byte 512: id 'b.jpg' was given before ({first}, b.jpg at byte ")


def test_a_name_twice_in_a_shard_is_refused(tmp_path, pack):
    assert "given before" in refused(pack(tmp_path / "1.tar", [("a.jpg", b"1"), ("a.jpg", b"2")]))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"a.jpg": b"x", "a.json": b"{"}, "a.json: not valid JSON"),
        ({"a.jpg": b"x", "a.json": b"[1]"}, "a.json: not a JSON object"),
        ({"a.jpg": b"x", "a.json": b'{"k": "\xff"}'}, "a.json: not UTF-8 text"),
        ({"a.jpg": b"x", "a.json": b'{"k": {"l": 1}}'}, "exclude the field"),
        ({"a.jpg": b"x", "a.txt": b"\xff"}, "a.txt: not UTF-8 text"),
        ({"a.jpg": b"x", "a.txt": b"\0"}, "'.txt' contains a NUL"),
        ({"a.txt": b"x"}, "no images inside"),
        ({}, "no images inside"),
    ],
)
def test_broken_samples_are_refused_by_name(tmp_path, pack, members, expected):
    message = refused(pack(tmp_path / "s.tar", members))
    assert "s.tar" in message
    assert expected in message


def test_broken_archives_are_refused(tmp_path, png, pack):
    whole = pack(tmp_path / "whole.tar", {f"{i}.jpg": png(i) for i in range(4)}).read_bytes()
    damaged = bytearray(whole)
    damaged[1024 + 20] ^= 1  # in the header of the second member
    with tarfile.open(tmp_path / "packed.tar", "w:gz") as tar:
        tar.add(tmp_path / "whole.tar")
    cases = {
        "cut": whole[:700],
        "cut_header": whole[: 1024 + 100],
        "damaged": bytes(damaged),
        "empty": b"",
        "text": b"x" * 2000,
    }
    for name, data in cases.items():
        (tmp_path / f"{name}.tar").write_bytes(data)
    for name in (*cases, "packed"):
        assert f"{name}.tar" in refused(tmp_path / f"{name}.tar")
    assert "byte 1024" in refused(tmp_path / "damaged.tar")
    assert "gone.tar: cannot be read (No such file" in refused(tmp_path / "gone.tar")


def with_size_field(archive, header, field):
    """The archive with the size field of the header at byte `header` replaced, and its checksum made right again."""
    data = bytearray(archive)
    data[header + 124 : header + 136] = field
    data[header + 148 : header + 156] = b" " * 8
    data[header + 148 : header + 156] = b"%06o\0 " % sum(data[header : header + 512])
    return bytes(data)


@pytest.mark.parametrize("size", [-1536, -512, 2**80])  # -1536 leads from the third member back to the second
def test_an_absurd_size_ends_in_an_error_and_not_in_a_loop(tmp_path, pack, size):
    whole = pack(tmp_path / "whole.tar", {"a.jpg": b"x", "b.jpg": b"y", "c.jpg": b"z"}).read_bytes()
    path = tmp_path / "absurd.tar"
    field = b"\xff" + size.to_bytes(11, "big", signed=True) if size < 0 else b"\x80" + size.to_bytes(11, "big")
    path.write_bytes(with_size_field(whole, 2048, field))
    assert "absurd.tar" in refused(path)


def test_a_chain_of_extended_headers_ends_in_an_error(tmp_path):
    extended = tarfile.TarInfo("x")
    extended.type = tarfile.XHDTYPE
    (tmp_path / "chain.tar").write_bytes(extended.tobuf(tarfile.USTAR_FORMAT) * 5000)
    assert "not a whole uncompressed tar" in refused(tmp_path / "chain.tar")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_gives_records_or_a_source_error_and_nothing_else(tmp_path, pack, png, edits):
    shard = tmp_path / "s.tar"
    pack(shard, {"a.jpg": png(1), "x" * 120 + "ü.jpg": png(2), "a.json": b'{"a": 1}'})
    data = bytearray(shard.read_bytes())
    for place, value in edits:
        data[place] = value
    shard.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            list(WebDatasetSource([shard]).records())
        except SourceError as error:
            str(error).encode()
