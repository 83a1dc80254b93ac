"""The weights in the package: they load, fit the demo world, and find held-out scenes."""

import pytest
import torch

from retrieval.demo.captions import vocabulary
from retrieval.encoders import bundled
from retrieval.errors import ModelError
from retrieval.training.heldout import judge, load_trained


def test_the_whole_is_small():
    assert sum(path.stat().st_size for path in bundled.FOLDER.iterdir() if path.is_file()) < 12e6


def test_it_loads_and_takes_pictures_and_any_text():
    model, tokenize, preprocess = bundled.load()
    size = preprocess["size"]
    side = size if isinstance(size, int) else size[0]
    assert 64 <= side <= 112
    assert not model.training
    with torch.inference_mode():
        images = model.encode_image(torch.zeros(2, 3, side, side), normalize=True)
        texts = model.encode_text(tokenize(["", "a zebra 7 ünïcode " * 40, "red cat"]), normalize=True)
    assert images.shape[1] == texts.shape[1]
    assert torch.isfinite(texts).all()


def test_it_knows_every_word_of_the_demo_world():
    _, tokenize, _ = bundled.load()
    assert set(vocabulary()) <= set(tokenize.tokens)


def test_it_finds_held_out_scenes():
    recalls = judge(load_trained(bundled.FOLDER), images=150, seed=77).ranks.recalls()
    assert recalls["text_to_image_whole_r1"] > 0.85
    assert recalls["text_to_image_r10"] > 0.9


def test_an_unknown_word_does_little_harm():
    model, tokenize, _ = bundled.load()
    with torch.inference_mode():
        known, strange, other = model.encode_text(
            tokenize(["two red cats on a beach", "two red fluffy cats on a beach", "a blue car in the snow"]),
            normalize=True,
        )
    assert known @ strange > 0.8 > known @ other + 0.3


def test_a_broken_installation_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(bundled, "WEIGHTS", tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"no model\.safetensors .*install the package again"):
        bundled.load()
