"""Whatever is sent in the place of a picture, the answer is a 4xx that says what is wrong."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from base64 import b64encode

import pytest
from api_service import PHOTOS, error, photos_in, serving, settings_for
from PIL import Image


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = photos_in(tmp_path_factory.mktemp("catalogue"))
    with serving(settings_for(folder), max_pixels=150_000) as client:
        yield client


def png(width: int, height: int, *more: bytes) -> bytes:
    """A file that says it has so many pixels, and has them only if they are few; `more` chunks follow its header."""
    pixels = b"\0" * min((width + 1) * height, 300_000)
    chunks = [
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        *more,
        chunk(b"IDAT", zlib.compress(pixels)),
        chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("photo.png", b"\0" * 20_000_000)
    return file.getvalue()


BOMB = zlib.compress(b"\0" * 20_000_000, 9)
UPLOADS = {
    "nothing": (b"", "empty", "send one that has a picture"),
    "text": (b"just text", "unsupported-format", "convert it to JPEG"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "unsupported-format", "convert it to JPEG"),
    "zip": (archive(), "unsupported-format", "convert it to JPEG"),
    "zipped words": (png(9, 9, chunk(b"zTXt", b"Comment\0\0" + BOMB)), "corrupt", "save the picture anew"),
    "zipped profile": (png(9, 9, chunk(b"iCCP", b"profile\0\0" + BOMB)), "corrupt", "save the picture anew"),
    "many pixels": (png(65_000, 65_000), "too-large", "scale it down, to 150,000 in all"),
    "most pixels": (png(2**31 - 1, 2**31 - 1), "too-large", "scale it down"),
    "no pixels": (png(0, 0), "corrupt", "save the picture anew"),
    "narrow": (png(1, 100_000), "extreme-aspect", "crop it"),
    "half a png": (png(300, 300)[:60], "truncated", "copy it again"),
    "no jpeg": (b"\xff\xd8\xff\xe0" + b"\0" * 40, "corrupt", "save the picture anew"),
}


@pytest.mark.parametrize("path", ["search/image", "captions"])
@pytest.mark.parametrize(("upload", "reason", "part"), UPLOADS.values(), ids=UPLOADS)
def test_uploads_that_are_no_pictures(client, path, upload, reason, part):
    problem = error(client.post(f"{PHOTOS}/{path}", files={"image": ("photo.jpg", upload)}), 422)
    assert (problem["code"], problem["detail"]) == ("invalid_image", {"reason": reason})
    assert part in problem["message"]


def test_a_picture_of_too_many_pixels(client, tmp_path):
    Image.new("RGB", (500, 400)).save(tmp_path / "large.png")
    picture = (tmp_path / "large.png").read_bytes()
    by_upload = client.post(f"{PHOTOS}/captions", files={"image": picture})
    by_base64 = client.post(f"{PHOTOS}/search", json={"image": b64encode(picture).decode()})
    for response in (by_upload, by_base64):
        assert error(response, 422)["detail"] == {"reason": "too-large"}


@pytest.mark.parametrize("path", ["search/image", "captions"])
def test_forms_without_a_picture(client, path):
    picture = {"image": ("a.png", b"")}
    for sent in ({"data": {"k": "3"}}, {"data": {"image": "text"}}, {"json": {"image": ""}}, {"content": b"--x"}):
        assert "multipart" in error(client.post(f"{PHOTOS}/{path}", **sent), 422)["message"]
    assert "body.kk" in error(client.post(f"{PHOTOS}/{path}", files=picture, data={"kk": "3"}), 422)["message"]
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert error(client.post(f"{PHOTOS}/{path}", content=b"nonsense", headers=broken), 400)["code"] == "invalid_body"
