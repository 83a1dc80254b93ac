import io
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from retrieval.errors import ImageError, InputError
from retrieval.images.decode import SUPPORTED_FORMATS, DecodeLimits, decode


def encoded(image, format_, **options):
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def smooth(width, height):
    """A picture whose every corner differs, and that lossy coding leaves nearly as it is."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, (255 - x) * y / 255], axis=2).astype(np.uint8))


def reason_of(data, **options):
    with pytest.raises(ImageError) as caught:
        decode(data, **options)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return caught.value.reason


@pytest.mark.parametrize("format_", SUPPORTED_FORMATS)
def test_every_supported_format_gives_the_picture(format_):
    picture = smooth(64, 48)
    decoded = decode(encoded(picture, format_))
    assert decoded.pixels.shape == (48, 64, 3)
    assert decoded.pixels.dtype == np.uint8
    assert (decoded.width, decoded.height) == (64, 48)
    assert np.abs(decoded.pixels.astype(int) - np.asarray(picture)).mean() < 12  # GIF keeps 256 colours


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WebP", "TIFF"])
def test_exif_orientation_is_undone(format_, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(smooth(60, 40), format_, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    decoded = decode(data)
    assert (decoded.width, decoded.height) == upright.size == ((60, 40) if orientation < 5 else (40, 60))
    np.testing.assert_array_equal(decoded.pixels, np.asarray(upright))


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of the metadata
def test_damaged_exif_leaves_the_picture_usable():
    data = encoded(smooth(20, 10), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03\xff\xff\xff\xff\0")
    assert decode(data).pixels.shape == (10, 20, 3)


@pytest.mark.parametrize(
    ("at_least", "scaled"),
    [(None, (400, 300)), (224, (400, 300)), (75, (200, 150)), (37, (100, 75)), (10, (50, 38)), (1, (50, 38))],
)
def test_jpegs_are_scaled_down_to_no_less_than_twice_what_is_asked(at_least, scaled):
    decoded = decode(encoded(smooth(400, 300), "JPEG"), at_least=at_least)
    assert decoded.pixels.shape[1::-1] == scaled
    assert (decoded.width, decoded.height) == (400, 300)


def test_scaled_decoding_reports_the_upright_size_of_the_whole_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode(encoded(smooth(401, 300), "JPEG", exif=exif), at_least=37)
    assert (decoded.width, decoded.height) == (300, 401)
    assert decoded.pixels.shape == (101, 75, 3)


def test_at_least_must_be_positive():
    with pytest.raises(InputError, match="at_least"):
        decode(encoded(smooth(8, 8), "JPEG"), at_least=0)


def test_cmyk_keeps_its_colours():
    pixel = decode(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")).pixels[8, 8].astype(int)
    assert np.abs(pixel - [255, 0, 0]).max() < 8


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGBA", (4, 4), (200, 0, 0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (4, 4), (200, 0, 0, 255)), (200, 0, 0)),
        (Image.new("RGBA", (4, 4), (0, 0, 0, 51)), (204, 204, 204)),  # 255 * (1 - 51/255)
        (Image.new("LA", (4, 4), (0, 0)), (255, 255, 255)),
    ],
)
def test_transparent_pixels_lie_on_white(image, expected):
    assert tuple(decode(encoded(image, "PNG")).pixels[0, 0]) == expected


@pytest.mark.parametrize(
    ("format_", "mode", "transparent"),
    [("PNG", "P", 0), ("PNG", "L", 0), ("PNG", "1", 0), ("PNG", "RGB", (0, 0, 0)), ("GIF", "P", 0), ("GIF", "L", 0)],
)
def test_a_transparent_colour_becomes_white(format_, mode, transparent):
    data = encoded(Image.new(mode, (4, 4)), format_, transparency=transparent)
    assert tuple(decode(data).pixels[0, 0]) == (255, 255, 255)


def test_palette_transparency_by_bytes_becomes_white():
    image = Image.new("P", (2, 1))
    image.putpalette([9, 9, 9, 50, 60, 70])
    image.putpixel((1, 0), 1)
    pixels = decode(encoded(image, "PNG", transparency=b"\x00\xff")).pixels
    assert pixels[0].tolist() == [[255, 255, 255], [50, 60, 70]]


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_rescaled_and_not_saturated(format_):
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)  # 257 * 0, 1, 128, 255
    decoded = decode(encoded(Image.fromarray(values), format_))
    assert decoded.pixels[0, :, 0].tolist() == [0, 1, 128, 255]
    assert np.ptp(decoded.pixels, axis=2).max() == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, 200.0]], np.float32), [0, 100, 200]),
        (np.array([[0.0, 32767.5, 65535.0]], np.float32), [0, 128, 255]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[np.nan, np.inf, 1.0]], np.float32), [0, 0, 255]),
        (np.array([[0, 7, 255]], np.int32), [0, 7, 255]),
        (np.array([[0, 0, 65535]], np.int32), [0, 0, 255]),
        (np.array([[-(2**31), 0, 2**31 - 1]], np.int32), [0, 128, 255]),
        (np.array([[5, 5, 5]], np.int32), [5, 5, 5]),
    ],
)
def test_wide_grey_is_brought_to_eight_bits(values, expected):
    decoded = decode(encoded(Image.fromarray(values), "TIFF"))
    assert decoded.pixels[0, :, 0].tolist() == expected


@pytest.mark.parametrize("format_", ["GIF", "WebP", "PNG", "TIFF", "AVIF"])
def test_the_first_frame_is_taken(format_):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    data = encoded(frames[0], format_, save_all=True, append_images=frames[1:])
    assert np.abs(decode(data).pixels[8, 8].astype(int) - [255, 0, 0]).max() < 6


TRUNCATED = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("GIF", {}),
    ("BMP", {}),
    ("WebP", {}),
    ("AVIF", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
]


@pytest.mark.parametrize(("format_", "options"), TRUNCATED)
@pytest.mark.parametrize("kept", [0.3, 0.5, 0.95])
def test_a_file_cut_short_is_truncated(format_, options, kept):
    rng = np.random.default_rng(0)
    data = encoded(Image.fromarray(rng.integers(0, 256, (90, 120, 3), dtype=np.uint8)), format_, **options)
    assert reason_of(data[: int(len(data) * kept)]) == "truncated"


def test_a_jpeg_cut_in_half_is_found_in_scaled_decoding_too():
    data = encoded(smooth(640, 480), "JPEG")
    assert reason_of(data[: len(data) // 2], at_least=30) == "truncated"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"not an image at all", "unsupported-format"),
        (b"BM" + b"W is a maker of cars " * 3, "unsupported-format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "unsupported-format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported-format"),
        (encoded(smooth(9, 9), "PNG").replace(b"IHDR", b"IHDX"), "corrupt"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 40, "corrupt"),
    ],
)
def test_what_is_no_image_is_refused_with_its_reason(data, reason):
    assert reason_of(data) == reason


def test_limits_are_checked_before_decoding():
    data = encoded(Image.new("1", (3000, 2000)), "PNG")
    assert len(data) < 3000
    assert reason_of(data, limits=DecodeLimits(max_pixels=5_999_999)) == "too-large"
    assert decode(data, limits=DecodeLimits(max_pixels=6_000_000)).pixels.shape == (2000, 3000, 3)
    assert reason_of(data, limits=DecodeLimits(max_bytes=len(data) - 1)) == "too-large"


def test_a_decompression_bomb_is_refused_without_a_warning():
    data = encoded(Image.new("1", (12_000, 12_000)), "PNG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reason_of(data) == "too-large"


def test_a_picture_far_from_square_is_refused():
    data = encoded(Image.new("L", (1, 101)), "PNG")
    assert reason_of(data) == "extreme-aspect"
    assert decode(data, limits=DecodeLimits(max_aspect=101)).pixels.shape == (101, 1, 3)


def test_threads_decode_the_same_as_one():
    files = [encoded(smooth(100 + i, 80), format_) for i in range(8) for format_ in ("JPEG", "PNG", "WebP")]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(decode, files))
    for data, decoded in zip(files, together, strict=True):
        np.testing.assert_array_equal(decoded.pixels, decode(data).pixels)


SEEDS = [encoded(smooth(24, 16), format_) for format_ in SUPPORTED_FORMATS]
SEEDS += [encoded(smooth(24, 16), "TIFF", compression="tiff_lzw"), encoded(smooth(24, 16).convert("P"), "PNG")]


OUTCOMES = {"pixels", "empty", "unsupported-format", "too-large", "extreme-aspect", "truncated", "corrupt"}


def outcome(data):
    try:
        decoded = decode(data, limits=DecodeLimits(max_pixels=1_000_000))
    except ImageError as error:
        return error.reason
    assert decoded.pixels.shape == (decoded.height, decoded.width, 3)
    return "pixels"


@settings(max_examples=400, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    kept=st.floats(0, 1),
)
def test_damage_gives_pixels_or_an_image_error_and_nothing_else(seed, edits, kept):
    data = bytearray(seed)
    for place, value in edits:
        data[int(place * len(data))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert outcome(bytes(data[: int(len(data) * kept)])) in OUTCOMES
