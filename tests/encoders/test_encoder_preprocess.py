"""Against open_clip's own transform, and geometry by hand."""

import numpy as np
import open_clip
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from retrieval.encoders.preprocess import Preprocess
from retrieval.errors import ModelError
from retrieval.types import DecodedImage


def picture(width, height, seed=0):
    """Smooth shapes with some noise, like a photograph, away from black and white, where filters clip."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(60, 196, (6, 6, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    return np.clip(smooth + rng.integers(-12, 13, smooth.shape), 0, 255).astype(np.uint8)


def of_open_clip(pixels, preprocess):
    transform = open_clip.image_transform(
        preprocess.size,
        is_train=False,
        mean=(0, 0, 0),
        std=(1, 1, 1),
        resize_mode=preprocess.resize_mode,
        interpolation=preprocess.interpolation,
        fill_color=preprocess.fill_color,
    )
    return np.round(transform(Image.fromarray(pixels)).permute(1, 2, 0).numpy() * 255).astype(np.int16)


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    mode=st.sampled_from(["shortest", "longest", "squash"]),
    interpolation=st.sampled_from(["bicubic", "bilinear"]),
)
@example(width=224, height=224, mode="shortest", interpolation="bicubic")
@example(width=333, height=250, mode="shortest", interpolation="bicubic")
@example(width=97, height=640, mode="longest", interpolation="bilinear")
def test_equals_open_clips_transform(width, height, mode, interpolation):
    if mode == "longest" and max(width, height) > 60 * min(width, height):
        return  # open_clip fails where a side rounds to nothing
    pixels = picture(width, height)
    preprocess = Preprocess(64, resize_mode=mode, interpolation=interpolation, fill_color=7)
    difference = np.abs(preprocess(DecodedImage(pixels, width, height)) - of_open_clip(pixels, preprocess))
    # Rows first or columns first, Pillow goes by the sizes it sees; the bytes in between are rounded.
    assert difference.max() <= 2
    assert difference.mean() < 0.3


@pytest.mark.parametrize(("width", "height"), [(1333, 1001), (640, 1411), (901, 900)])
def test_a_picture_scaled_while_decoding_keeps_its_geometry(width, height):
    pixels = picture(width, height)
    scaled = np.asarray(Image.fromarray(pixels).reduce(3))  # 445 x 334 of 1333 x 1001: not a whole third
    preprocess = Preprocess(128)
    whole = preprocess(DecodedImage(pixels, width, height)).astype(np.int16)
    drafted = preprocess(DecodedImage(scaled, width, height)).astype(np.int16)
    assert np.abs(whole - drafted).mean() < 1.2
    naive = preprocess(DecodedImage(scaled, scaled.shape[1], scaled.shape[0])).astype(np.int16)
    assert np.abs(whole - drafted).mean() <= np.abs(whole - naive).mean()


def test_the_centre_is_cropped_and_the_rest_padded():
    stripes = np.zeros((10, 30, 3), np.uint8)
    stripes[:, 10:20] = 200
    assert (Preprocess(10)(DecodedImage(stripes, 30, 10)) >= 190)[:, 1:-1].all()
    white = np.full((10, 30, 3), 255, np.uint8)
    padded = Preprocess(30, resize_mode="longest", fill_color=9)(DecodedImage(white, 30, 10))
    assert (padded[:10] == 9).all()
    assert (padded[10:20] == 255).all()
    assert (padded[20:] == 9).all()


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1)])
def test_extreme_shapes_come_out_square(mode, shape):
    prepared = Preprocess(32, resize_mode=mode)(DecodedImage(np.full((*shape, 3), 77, np.uint8), shape[1], shape[0]))
    assert prepared.shape == (32, 32, 3)


def test_reads_open_clips_configuration():
    config = {"size": (256, 256), "mean": 0.5, "std": [1, 1, 1], "interpolation": "random", "mode": "RGB"}
    assert Preprocess.from_open_clip(config, model="x") == Preprocess(256, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0))
    with pytest.raises(ModelError, match="x looks at pictures of 224 x 112 pixels"):
        Preprocess.from_open_clip({"size": [224, 112]}, model="x")
    with pytest.raises(ModelError, match="nearest shortest"):
        Preprocess.from_open_clip({"size": 224, "interpolation": "nearest"}, model="x")


def test_identity_holds_what_changes_pixels_and_nothing_else():
    assert Preprocess(224).sha256 == Preprocess(224, fill_color=3).sha256
    variants = [
        Preprocess(224),
        Preprocess(256),
        Preprocess(224, mean=(0, 0, 0)),
        Preprocess(224, std=(1, 1, 1)),
        Preprocess(224, interpolation="bilinear"),
        Preprocess(224, resize_mode="squash"),
        Preprocess(224, resize_mode="longest"),
        Preprocess(224, resize_mode="longest", fill_color=3),
    ]
    assert len({variant.sha256 for variant in variants}) == len(variants)
