"""Against open_clip itself: the same model, run the plain way."""

import json
import logging

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from tiny_models import TINY, make_model, varied, write_folder

from retrieval.encoders import prepare
from retrieval.encoders.registry import load_encoder
from retrieval.encoders.text import cut_text
from retrieval.errors import ModelError
from retrieval.types import DecodedImage

TEXTS = ["dog", "a photo of two people and a very small dog on a beach at sunset", "red shoes, 50% off!"]


def plain_texts(model, texts):
    with torch.inference_mode():
        return model.encode_text(open_clip.get_tokenizer("ViT-B-32")(texts), normalize=True).numpy()


@pytest.mark.parametrize(
    "config",
    [
        TINY,
        varied(quick_gelu=True),
        varied(custom_text=True),
        varied(custom_text=True, text_cfg={"pool_type": "eos", "eos_id": 49407, "proj_bias": True}),
        varied(custom_text=True, text_cfg={"no_causal_mask": True}),
        varied(custom_text=True, text_cfg={"embed_cls": True}),
        varied(vision_cfg={"ls_init_value": 0.1, "pool_type": "avg"}, text_cfg={"ls_init_value": 0.1}),
        varied(vision_cfg={"qk_norm": True}, text_cfg={"qk_norm": True}),
        varied(vision_cfg={"layers": [1, 1, 1, 1], "width": 16, "patch_size": None}),
        varied(vision_cfg={"timm_model_name": "regnetx_002", "timm_proj": "linear"}),
        varied(vision_cfg={"timm_model_name": "eva02_tiny_patch14_224", "timm_pool": "token", "image_size": 224}),
    ],
    ids=[
        "clip",
        "quickgelu",
        "custom",
        "eos",
        "not causal",
        "cls token",
        "layer scale",
        "other blocks",
        "resnet",
        "timm",
        "buffers",
    ],
)
def test_equals_open_clip(config, tmp_path, pixels):
    model = make_model(config, seed=3)
    encoder = load_encoder(str(write_folder(tmp_path, config, model)), precision="fp32", device="cpu")
    size = config["vision_cfg"]["image_size"]
    pixels = pixels.repeat(size // 32, axis=1).repeat(size // 32, axis=2)
    transform = open_clip.image_transform(size, is_train=False)
    with torch.inference_mode():
        batch = torch.stack([transform(Image.fromarray(p)) for p in pixels])
        images = model.encode_image(batch, normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_images(pixels), images, atol=2e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), plain_texts(model, TEXTS), atol=2e-5)
    picture = pixels[0].repeat(3, axis=0).repeat(4, axis=1)
    prepared = encoder.preprocess(DecodedImage(picture, 4 * size, 3 * size))[None]
    with torch.inference_mode():
        expected = model.encode_image(transform(Image.fromarray(picture))[None], normalize=True).numpy()
    assert (encoder.encode_images(prepared) * expected).sum() > 0.9999


def test_only_causal_towers_that_pool_at_the_end_are_cut():
    assert cut_text(make_model(TINY)) is not None
    assert cut_text(make_model(varied(custom_text=True, text_cfg={"pool_type": "eos", "eos_id": 49407}))) is not None
    for text_cfg in ({"no_causal_mask": True}, {"pool_type": "last"}, {"embed_cls": True}):
        assert cut_text(make_model(varied(custom_text=True, text_cfg=text_cfg))) is None


def test_short_texts_run_over_few_tokens():
    model = make_model(TINY)
    lengths = []
    model.transformer.register_forward_pre_hook(lambda _, inputs: lengths.append(inputs[0].shape[1]))
    tokens = open_clip.get_tokenizer("ViT-B-32")(["dog", "a " * 20, "a " * 200])
    cut = cut_text(model)
    with torch.inference_mode():
        for count in (1, 2, 3):
            cut(tokens[:count])
    assert lengths == [8, 24, 77]


def inexact_in_bf16():
    """A model whose pictures differ only in digits that bf16 does not have.

    Each hidden state is a large constant plus little; the projection takes the constant's direction out.
    """
    model = make_model(TINY, seed=1)
    visual = model.visual
    with torch.no_grad():
        visual.class_embedding.mul_(0)
        visual.ln_pre.bias.copy_(torch.linspace(-3000, 3000, 48))
        constant = torch.nn.functional.normalize(visual.ln_pre.bias, dim=0)
        visual.proj.sub_(constant[:, None] * (constant @ visual.proj))
    return model


def test_auto_falls_back_to_fp32_with_a_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("retrieval.encoders.precision._bf16_is_faster", lambda device: True)
    folder = write_folder(tmp_path, TINY, inexact_in_bf16())
    with caplog.at_level(logging.WARNING):
        encoder = load_encoder(str(folder), device="cpu")
    assert encoder.spec.precision == "fp32"
    assert "inexact in bf16" in caplog.text
    exact = load_encoder(str(folder), precision="fp32", device="cpu")
    assert encoder.spec == exact.spec


def test_an_explicit_precision_is_kept_even_where_it_is_inexact(tmp_path, caplog):
    folder = write_folder(tmp_path, TINY, inexact_in_bf16())
    with caplog.at_level(logging.WARNING):
        encoder = load_encoder(str(folder), precision="bf16", device="cpu")
    assert encoder.spec.precision == "bf16"
    assert "inexact in bf16" in caplog.text


def test_auto_takes_bf16_where_it_is_faster_and_exact(tiny, monkeypatch, caplog):
    monkeypatch.setattr("retrieval.encoders.precision._bf16_is_faster", lambda device: True)
    with caplog.at_level(logging.WARNING):
        assert load_encoder(str(tiny), device="cpu").spec.precision == "bf16"
    assert not caplog.text


def test_without_packed_kernels_the_embeddings_are_the_same(tiny, pixels, monkeypatch):
    packed = load_encoder(str(tiny), precision="fp32", device="cpu")
    monkeypatch.setattr("retrieval.encoders.blocks._can_pack", lambda dtype: False)
    plain = load_encoder(str(tiny), precision="fp32", device="cpu")
    np.testing.assert_allclose(plain.encode_images(pixels), packed.encode_images(pixels), atol=1e-5)
    np.testing.assert_allclose(plain.encode_texts(TEXTS), packed.encode_texts(TEXTS), atol=1e-5)


def test_the_encoder_does_not_follow_its_checkpoint_file(tiny, tmp_path, pixels):
    folder = write_folder(tmp_path, TINY)
    encoder = load_encoder(str(folder), precision="fp32", device="cpu")
    before = encoder.encode_images(pixels), encoder.encode_texts(TEXTS)
    weights = folder / "model.safetensors"
    with weights.open("r+b") as file:  # as a training run that writes over it does
        file.seek(weights.stat().st_size // 4)
        file.write(b"\x7f" * (weights.stat().st_size // 2))
    np.testing.assert_array_equal(encoder.encode_images(pixels), before[0])
    np.testing.assert_array_equal(encoder.encode_texts(TEXTS), before[1])


def test_many_at_once_go_in_several_batches(tiny, monkeypatch, pixels):
    encoder = load_encoder(str(tiny), precision="fp32", device="cpu")
    texts = [f"number {'very ' * (n % 7)}{n}" for n in range(23)]
    images, embedded = encoder.encode_images(pixels), encoder.encode_texts(texts)
    encoder._batch = 4
    np.testing.assert_allclose(encoder.encode_images(pixels), images, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(texts), embedded, atol=1e-5)


def test_weights_that_give_no_numbers_are_refused(tmp_path):
    model = make_model(TINY)
    with torch.no_grad():
        model.visual.proj[0, 0] = float("nan")
    with pytest.raises(ModelError, match="damaged: they embed images"):
        load_encoder(str(write_folder(tmp_path, TINY, model)), device="cpu")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (varied(text_cfg={"vocab_size": 1000}), "index out of range"),
        (varied(vision_cfg={"timm_model_name": "eva02_tiny_patch14_224", "timm_pool": "token"}), "Input height"),
    ],
)
def test_a_model_that_does_not_take_its_input_is_refused(config, message, tmp_path):
    with pytest.raises(ModelError, match=f"cannot embed a picture and a text as it is configured: .*{message}"):
        load_encoder(str(write_folder(tmp_path, config)), device="cpu")


def test_a_wrong_cut_is_noticed_and_not_used(tiny, monkeypatch):
    right = load_encoder(str(tiny), precision="fp32", device="cpu").encode_texts(TEXTS)

    def pools_one_too_early(model):
        cut = cut_text(model)
        monkeypatch.setattr("retrieval.encoders.text.end_positions", lambda tokens, end_id: tokens.argmax(-1) - 1)
        return cut

    monkeypatch.setattr(prepare, "cut_text", pools_one_too_early)
    encoder = load_encoder(str(tiny), precision="fp32", device="cpu")
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), right, atol=1e-5)


def test_a_folder_configures_its_preprocessing(tmp_path):
    folder = write_folder(tmp_path, TINY)
    facts = {"model_cfg": TINY, "preprocess_cfg": {"mean": [0, 0, 0], "std": [1, 1, 1], "resize_mode": "squash"}}
    usual = load_encoder(str(folder), precision="fp32", device="cpu").spec
    (folder / "open_clip_config.json").write_text(json.dumps(facts))
    other = load_encoder(str(folder), precision="fp32", device="cpu").spec
    assert usual.weights_sha256 == other.weights_sha256
    assert usual.preprocess_sha256 != other.preprocess_sha256
