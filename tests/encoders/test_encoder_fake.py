import subprocess
import sys

import numpy as np
import pytest

from retrieval.encoders.fake import COLOURS, FakeEncoder
from retrieval.types import DecodedImage


def test_starts_without_torch():
    code = (
        "import sys; from retrieval.encoders.registry import load_encoder; e = load_encoder('fake');"
        "e.encode_texts(['red']); print({'torch', 'open_clip', 'transformers'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colours_name_finds_its_pictures(colour):
    encoder = FakeEncoder()
    rng = np.random.default_rng(1)
    pictures = []
    for rgb in COLOURS.values():
        noisy = np.clip(np.array(rgb) + rng.integers(-15, 16, (50, 60, 3)), 0, 255).astype(np.uint8)
        pictures.append(encoder.preprocess(DecodedImage(noisy, 60, 50)))
    images = encoder.encode_images(np.stack(pictures))
    scores = images @ encoder.encode_texts([f"a photo of a {colour} thing"])[0]
    best = np.argsort(-scores)
    assert list(COLOURS)[best[0]] == colour
    assert scores[best[0]] - scores[best[1]] > 0.2


def test_pictures_of_one_colour_still_differ():
    encoder = FakeEncoder()
    left, right = (np.full((1, 32, 32, 3), (210, 30, 35), np.uint8) for _ in range(2))
    left[:, :, :8] = right[:, :, 24:] = 20
    a, b = encoder.encode_images(np.concatenate([left, right]))
    assert 0.5 < a @ b < 0.99


def test_shared_words_bring_texts_together():
    near, far = FakeEncoder().encode_texts(
        ["two dogs in a red car", "two dogs in a red van", "ten cats on a blue roof"]
    )[1:]
    query = FakeEncoder().encode_texts(["two dogs in a red car"])[0]
    assert query @ near > query @ far + 0.3


def test_identity_and_vectors_are_pinned():
    """Stored collections of tests and demos keep their meaning; change the name hashed in the encoder with this."""
    encoder = FakeEncoder()
    vector = encoder.encode_texts(["a red shoe"])[0]
    np.testing.assert_allclose(vector[list(COLOURS).index("red")], 1 / np.sqrt(1 + 0.3**2), rtol=1e-5)
    assert encoder.spec.dim == 64
