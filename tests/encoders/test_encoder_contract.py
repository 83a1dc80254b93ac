"""What every encoder promises, run on all of them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retrieval.encoders.registry import load_encoder
from retrieval.errors import InputError
from retrieval.protocols import Encoder
from retrieval.types import DecodedImage

TEXTS = [
    "a red dress",
    "two dogs",
    "",
    "a man riding a horse on the beach at sunset " * 9,
    "Ünïcode 你好 🙂",
    "2024 !!",
]


@pytest.fixture(scope="module", params=["fake", "tiny fp32", "tiny bf16", "custom_text fp32"])
def encoder(request):
    name, _, precision = request.param.partition(" ")
    model = name if name == "fake" else str(request.getfixturevalue(name))
    return load_encoder(model, precision=precision or "auto", device="cpu")


def test_is_an_encoder(encoder):
    assert isinstance(encoder, Encoder)
    spec = encoder.spec
    assert spec == encoder.spec
    assert len(spec.encoder_id) == 64
    assert spec.precision in {"fp32", "bf16"}


def test_embeddings_are_unit_rows_of_float32(encoder, pixels):
    for embedded, n in ((encoder.encode_images(pixels), len(pixels)), (encoder.encode_texts(TEXTS), len(TEXTS))):
        assert embedded.dtype == np.float32
        assert embedded.shape == (n, encoder.spec.dim)
        np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, atol=1e-5)


def test_nothing_in_nothing_out(encoder, pixels):
    assert encoder.encode_images(pixels[:0]).shape == (0, encoder.spec.dim)
    assert encoder.encode_texts([]).shape == (0, encoder.spec.dim)


def test_a_row_does_not_depend_on_its_batch(encoder, pixels):
    tolerance = 2e-2 if encoder.spec.precision == "bf16" else 1e-5
    alone = np.concatenate([encoder.encode_images(pixels[i : i + 1]) for i in range(len(pixels))])
    np.testing.assert_allclose(encoder.encode_images(pixels), alone, atol=tolerance)
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), alone, atol=tolerance)


def test_different_inputs_differ_and_the_same_are_equal(encoder, pixels):
    images, texts = encoder.encode_images(pixels), encoder.encode_texts(["red shoes", "blue shoes"])
    assert np.abs(images[0] - images[1]).max() > 1e-3
    assert np.abs(texts[0] - texts[1]).max() > 1e-3
    np.testing.assert_array_equal(encoder.encode_images(pixels), images)


def test_threads_share_it(encoder, pixels):
    expected = encoder.encode_images(pixels), encoder.encode_texts(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: (encoder.encode_images(pixels), encoder.encode_texts(TEXTS)), range(12)))
    for images, texts in results:
        np.testing.assert_allclose(images, expected[0], atol=1e-5)
        np.testing.assert_allclose(texts, expected[1], atol=1e-5)


def test_preprocess_gives_what_encode_images_takes(encoder):
    noise = np.random.default_rng(0).integers(0, 256, (40, 70, 3), dtype=np.uint8)
    prepared = encoder.preprocess(DecodedImage(noise, 140, 80))
    assert prepared.dtype == np.uint8
    assert prepared.shape == (encoder.image_size, encoder.image_size, 3)
    assert encoder.encode_images(prepared[None]).shape == (1, encoder.spec.dim)


def test_hostile_texts_are_embedded(encoder):
    embedded = encoder.encode_texts(["\ud800 lone surrogate", "a" * 1_000_000, "\x00\x01", "   \n\t  "])
    np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 16, 16, 3), (32, 32, 3), (1, 3, 32, 32)])
def test_pixels_of_another_shape_are_refused(encoder, shape):
    with pytest.raises(InputError, match=r"uint8 \(n, 32, 32, 3\)"):
        encoder.encode_images(np.zeros(shape, np.uint8))


def test_floats_and_single_strings_are_refused(encoder):
    with pytest.raises(InputError, match="not float32"):
        encoder.encode_images(np.zeros((1, 32, 32, 3), np.float32))
    with pytest.raises(InputError, match="put it in a list"):
        encoder.encode_texts("a dog")
