import io
import os
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import ImageError
from retrieval.images.read import read_image
from retrieval.images.uri import FileLocation, TarMemberLocation, file_uri, parse_uri, tar_member_uri

AWKWARD = "a#b?c%20d e+f&g=ü.jpg"


def make_tar(path, members):
    """Write `members` and return their offsets by name."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with tarfile.open(path) as tar:
        return {member.name: member.offset_data for member in tar}


def error_of(uri, **options):
    with pytest.raises(ImageError) as caught:
        read_image(uri, **options)
    str(caught.value).encode()
    return caught.value


def test_plain_paths_and_file_uris_read_the_same(tmp_path):
    path = tmp_path / AWKWARD
    path.write_bytes(b"pixels")
    assert read_image(str(path)) == b"pixels"
    assert file_uri(path).isascii()
    assert read_image(file_uri(path)) == b"pixels"


def test_a_name_that_is_not_utf8_can_be_read_by_its_uri(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(b"pixels")
    assert file_uri(path).endswith("/caf%E9.jpg")
    assert read_image(file_uri(path)) == b"pixels"


@pytest.mark.parametrize("name", ["a.jpg", AWKWARD, "folder/" + "x" * 150 + ".jpg", "./b.jpg"])
def test_tar_members_are_read_in_place(tmp_path, name):
    shard = tmp_path / "shard #1.tar"
    offsets = make_tar(shard, {"first.json": b"{}", name: b"pixels", "last.jpg": b"more"})
    uri = tar_member_uri(shard, name=name, offset=offsets[name], size=6)
    assert read_image(uri) == b"pixels"


def test_a_rewritten_archive_is_noticed(tmp_path):
    shard = tmp_path / "shard.tar"
    offsets = make_tar(shard, {"a.jpg": b"1234", "b.jpg": b"5678"})
    uri = tar_member_uri(shard, name="b.jpg", offset=offsets["b.jpg"], size=4)
    for members in ({"a.jpg": b"1234", "c.jpg": b"5678"}, {"a.jpg": b"1" * 2000}, {"a.jpg": b"1", "b.jpg": b"56789"}):
        make_tar(shard, members)
        error = error_of(uri)
        assert error.reason == "changed"
        assert "shard.tar (b.jpg)" in str(error)


def test_an_archive_cut_inside_the_member_is_truncated(tmp_path):
    shard = tmp_path / "shard.tar"
    offsets = make_tar(shard, {"a.jpg": b"x" * 3000})
    os.truncate(shard, 1500)
    assert error_of(tar_member_uri(shard, name="a.jpg", offset=offsets["a.jpg"], size=3000)).reason == "truncated"


def test_what_cannot_be_read_is_named_with_its_reason(tmp_path):
    (tmp_path / "big.jpg").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe.jpg")
    cases = {
        str(tmp_path / "gone.jpg"): "missing",
        str(tmp_path): "unreadable",
        str(tmp_path / "pipe.jpg"): "unreadable",
        str(tmp_path / "big.jpg"): "too-large",
        str(tmp_path / "nul\0.jpg"): "unreadable",
        str(tmp_path / ("x" * 300 + ".jpg")): "unreadable",
        str(tmp_path / os.fsdecode(b"gone\xff.jpg")): "missing",
        tar_member_uri(tmp_path / "t.tar", name="a.jpg", offset=None, size=0): "missing",
        tar_member_uri(tmp_path / "t.tar", name="a.jpg", offset=512, size=5): "too-large",
        tar_member_uri(tmp_path / "t.tar", name="a.jpg", offset=512, size=4): "missing",
        "https://host.example/a.jpg": "unsupported-uri",
        "file://elsewhere/a.jpg": "unsupported-uri",
        "file:///t.tar#offset=-1&size=2&name=a": "unsupported-uri",
        "file:///t.tar#offset=x&size=2&name=a": "unsupported-uri",
        "file:///t.tar#rubbish": "unsupported-uri",
    }
    assert {uri: error_of(uri, max_bytes=4).reason for uri in cases} == cases
    assert "gone.jpg" in str(error_of(str(tmp_path / "gone.jpg")))


path_text = st.text(st.characters(exclude_characters="\0/", exclude_categories=("Cs",)), min_size=1)


@given(name=path_text, member=path_text, offset=st.integers(0, 2**60), size=st.integers(0, 2**60))
def test_uris_give_back_what_they_were_built_from(tmp_path_factory, name, member, offset, size):
    path = tmp_path_factory.getbasetemp() / name
    assert parse_uri(file_uri(path)) == FileLocation(path)
    uri = tar_member_uri(path, name=member, offset=offset, size=size)
    assert uri.isascii()
    assert parse_uri(uri) == TarMemberLocation(path, member, offset, size)
