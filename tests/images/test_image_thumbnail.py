import io

import numpy as np
import pytest
from PIL import Image

from retrieval.errors import ImageError, InputError
from retrieval.images.decode import decode
from retrieval.images.thumbnail import thumbnail


def jpeg(width, height, **options):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("size", "expected"), [((400, 300), (64, 48)), ((300, 400), (48, 64)), ((40, 30), (40, 30)), ((100, 1), (64, 1))]
)
@pytest.mark.parametrize("format_", ["webp", "jpeg"])
def test_the_whole_picture_fits_in_proportion_and_is_never_enlarged(size, expected, format_):
    small = Image.open(io.BytesIO(thumbnail(jpeg(*size), side=64, format=format_)))
    assert small.size == expected
    assert small.format == format_.upper()
    assert np.abs(np.asarray(small.convert("RGB")).astype(int) - [200, 30, 30]).max() < 12


def test_scaled_pixels_keep_the_proportions_of_the_whole_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = jpeg(1999, 1001, exif=exif)
    small = Image.open(io.BytesIO(thumbnail(decode(data, at_least=100), side=100)))
    assert small.size == (50, 100)
    assert not small.getexif()


@pytest.mark.parametrize("side", [0, -5, 4096])
def test_an_absurd_side_is_refused(side):
    with pytest.raises(InputError, match="side"):
        thumbnail(jpeg(10, 10), side=side)


def test_bytes_that_are_no_image_are_refused():
    with pytest.raises(ImageError):
        thumbnail(b"hello", side=64)
