"""What `--model` takes, and what it says about the rest."""

import json
import re
import socket
from pathlib import Path
from typing import ClassVar

import huggingface_hub
import open_clip
import pytest
import torch
from safetensors.torch import save_file
from tiny_models import TINY, make_model, varied, write_folder

from retrieval.encoders import hub, listing, sources
from retrieval.encoders.presets import DEFAULT_PRESET, PRESETS
from retrieval.encoders.registry import load_encoder
from retrieval.errors import DependencyError, ModelError

DOCS = Path(__file__).parents[2] / "docs" / "encoders.md"


@pytest.fixture(autouse=True)
def no_cache_and_no_network(tmp_path, monkeypatch):
    """An empty Hugging Face cache, a hub where nothing listens, and the transformers package in place."""
    monkeypatch.setattr(sources, "find_spec", lambda name: name)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")


def test_presets_exist_in_open_clip_and_in_the_docs():
    known = set(open_clip.list_pretrained())
    documented = DOCS.read_text()
    for name, preset in PRESETS.items():
        assert name == preset.name
        assert (preset.arch, preset.pretrained) in known
        assert name not in open_clip.list_models()
        for sentence in (preset.name, preset.model, preset.quality, preset.cost, preset.licence):
            assert sentence in documented
    assert DEFAULT_PRESET.model == "ViT-B-32-256/datacomp_s34b_b86k"


def test_a_preset_is_its_architecture_and_tag(tmp_path):
    checkpoint = tmp_path / "weights.pt"
    source = sources.resolve("siglip2-b16", checkpoint)
    assert (source.model, source.pretrained, source.weights) == ("ViT-B-16-SigLIP2", "weights.pt", checkpoint)
    assert source.preprocess["resize_mode"] == "squash"
    assert source == sources.resolve("ViT-B-16-SigLIP2/webli", checkpoint)


def test_an_architecture_takes_the_preprocessing_that_all_its_weights_share(tmp_path):
    siglip = sources.resolve("ViT-B-16-SigLIP2", tmp_path / "weights.pt")
    assert siglip.preprocess["mean"] == (0.5, 0.5, 0.5)
    disputed = sources.resolve("ViT-L-14", tmp_path / "weights.pt")
    assert "mean" not in disputed.preprocess
    assert disputed.preprocess["interpolation"] == "bicubic"


def test_weights_bring_their_activation_along(tmp_path):
    assert sources.resolve("ViT-B-32/openai", tmp_path / "w.pt").config["quick_gelu"]
    assert "quick_gelu" not in sources.resolve("ViT-B-32/laion2b_s34b_b79k", tmp_path / "w.pt").config
    assert "quick_gelu" not in open_clip.get_model_config("ViT-B-32")


def test_a_missing_package_is_said_before_anything_is_downloaded(monkeypatch):
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    monkeypatch.setattr(hub, "fetch", lambda *_, **__: pytest.fail("began to download"))
    with pytest.raises(DependencyError, match="ViT-B-16-SigLIP2 comes from the transformers package: pip install"):
        sources.resolve("siglip2-b16")


def test_old_spellings_with_a_slash(tmp_path):
    assert sources.resolve("ViT-B/32", tmp_path / "w.pt").model == "ViT-B-32"
    assert sources.resolve("ViT-B/32/openai", tmp_path / "w.pt").config["quick_gelu"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("ViT-B-23", "unknown model 'ViT-B-23': did you mean ViT-B-32"),
        ("clip-b23", "did you mean clip-b32"),
        ("bundeled", "did you mean bundled"),
        ("Vit-b-32/openai", "did you mean .*ViT-B-32"),
        ("qqqqqqq", r"unknown model 'qqqqqqq'; `retrieval models \[WORD\]` lists"),
        ("ViT-B-32/datacmp", "no weights 'datacmp' for ViT-B-32: there are openai, laion400m_e31"),
        (
            "ViT-B-32",
            "ViT-B-32 is an architecture without weights: name pretrained ones .*ViT-B-32/openai.*--checkpoint",
        ),
        ("hf-hub:no", "cannot get the configuration of hf-hub:no"),
        ("hf-hub:a/b/c", "'a/b/c' is not a repository of the Hugging Face hub: expected OWNER/NAME"),
        ("nowhere/config.json", r"there is no model configuration nowhere/config\.json"),
    ],
)
def test_names_that_lead_nowhere(model, message):
    with pytest.raises(ModelError, match=message) as caught:
        sources.resolve(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "model", ["clip-b32", "ViT-B-32/laion2b_s34b_b79k", "hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K"]
)
def test_offline_is_said_with_the_ways_out(model):
    with pytest.raises(ModelError) as caught:
        load_encoder(model)
    message = str(caught.value)
    assert "cannot be reached" in message
    assert "--checkpoint FILE" in message
    assert "Hugging Face cache" in message
    assert "--model bundled" in message
    assert (PRESETS[model].model if model in PRESETS else model) in message


def test_offline_mode_asks_nobody(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "is_reachable", lambda url: pytest.fail("asked the network"))
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set and it is not in the cache"):
        sources.resolve("clip-b16")


def cached(cache, repo, name, content):
    """Put a file into the Hugging Face cache as a download leaves it there."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text("0123abc")
    path = folder / "snapshots" / "0123abc" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_cache_is_used_without_the_network(tmp_path, tiny):
    weights = (tiny / "model.safetensors").read_bytes()
    repo = "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K"
    path = cached(tmp_path / "hub", repo, "open_clip_model.safetensors", weights)
    assert sources.resolve("clip-b32").weights == path
    config = json.dumps({"model_cfg": TINY, "preprocess_cfg": {"std": [1, 1, 1]}}).encode()
    cached(tmp_path / "hub", "someone/tiny", "open_clip_config.json", config)
    cached(tmp_path / "hub", "someone/tiny", "open_clip_model.safetensors", weights)
    encoder = load_encoder("hf-hub:someone/tiny", precision="fp32", device="cpu")
    assert str(encoder.spec).startswith("hf-hub:someone/tiny (24-d, fp32, ")
    assert encoder.spec.weights_sha256 == load_encoder(str(tiny), precision="fp32", device="cpu").spec.weights_sha256


class Answers:
    """A hub that has the named files of any repository."""

    def __init__(self, folder, **files):
        self.folder, self.files, self.asked = folder, files, []

    def __call__(self, repo, name):
        self.asked.append(name)
        if name not in self.files:
            raise huggingface_hub.errors.RemoteEntryNotFoundError("404", response=_Response())
        path = self.folder / name
        path.write_bytes(self.files[name])
        return str(path)


class _Response:
    headers: ClassVar = {}
    request = None
    status_code = 404


def test_downloads_take_the_first_file_that_there_is(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "is_reachable", lambda url: True)
    answers = Answers(tmp_path, **{"open_clip_pytorch_model.bin": b"x"})
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", answers)
    assert sources.resolve("clip-b32").weights == tmp_path / "open_clip_pytorch_model.bin"
    assert answers.asked == ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", Answers(tmp_path))
    with pytest.raises(ModelError, match=r"has none of open_clip_model\.safetensors, open_clip_pytorch_model\.bin"):
        sources.resolve("clip-b32")


def test_a_download_that_breaks_off_is_explained(tmp_path, monkeypatch):
    def breaks(repo, name):
        raise huggingface_hub.errors.LocalEntryNotFoundError("the line went dead\nand more")

    monkeypatch.setattr(hub, "is_reachable", lambda url: True)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", breaks)
    with pytest.raises(ModelError, match=r"failed: the line went dead\. Use a local file") as caught:
        sources.resolve("clip-b32")
    assert "\n" not in str(caught.value)


def test_reachable_is_whoever_answers(httpserver_address):
    assert hub.is_reachable(httpserver_address)
    assert not hub.is_reachable("http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not hub.is_reachable(f"http://127.0.0.1:{silent.getsockname()[1]}", patience_s=0.1)


@pytest.fixture
def httpserver_address():
    """A server that answers 404 to everything."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_architecture_of_ones_own(tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps(TINY))
    save_file(make_model(TINY).state_dict(), tmp_path / "weights.safetensors")
    encoder = load_encoder(
        str(tmp_path / "mine.json"), checkpoint=tmp_path / "weights.safetensors", precision="fp32", device="cpu"
    )
    assert (encoder.spec.model, encoder.spec.pretrained, encoder.spec.dim) == ("mine", "weights.safetensors", 24)
    with pytest.raises(ModelError, match=r"there are no weights in .*: give --checkpoint FILE"):
        load_encoder(str(tmp_path / "mine.json"))


def test_a_folder_may_bring_its_vocabulary(tmp_path):
    words = ["<pad>", "<start>", "<unknown>", "dog", "red", "<end>"]
    config = varied(text_cfg={"context_length": 16, "vocab_size": len(words)})
    folder = write_folder(tmp_path / "words", config)
    (folder / "vocabulary.txt").write_text("\n".join(words))
    encoder = load_encoder(str(folder), precision="fp32", device="cpu")
    assert encoder.spec.tokenizer.startswith("WordTokenizer:")
    same = encoder.encode_texts(["red dog", "RED, dog!", "dog red"])
    assert (same[0] == same[1]).all()
    assert abs(same[0] - same[2]).max() > 1e-3
    (folder / "vocabulary.txt").write_text("\n".join(words).replace("red", "rot"))
    assert load_encoder(str(folder), precision="fp32", device="cpu").spec.encoder_id != encoder.spec.encoder_id


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not a model configuration: Expecting"),
        ("[]", "needs embed_dim, vision_cfg, text_cfg"),
        ('{"model_type": "clip", "text_config": {}}', "needs embed_dim, vision_cfg, text_cfg"),
        ('{"vision_cfg": {}, "text_cfg": {}}', "needs embed_dim"),
        (
            json.dumps(varied(vision_cfg={"colour": "red"})),
            "open_clip cannot build .* unexpected keyword argument 'colour'",
        ),
        (json.dumps(varied(vision_cfg={"image_size": [32, 64]})), "32 x 64 pixels; only square ones"),
        (json.dumps(varied(text_cfg={"heads": 5})), "open_clip cannot build config from its configuration"),
    ],
)
def test_configurations_that_are_none(tmp_path, content, message):
    (tmp_path / "config.json").write_text(content)
    torch.save({"a": torch.ones(1)}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=message):
        load_encoder(str(tmp_path / "config.json"), checkpoint=tmp_path / "w.pt", device="cpu")


@pytest.mark.parametrize("model", ["fake", "bundled"])
def test_models_with_weights_of_their_own_take_no_checkpoint(model, tmp_path):
    with pytest.raises(ModelError, match=f"the {model} model brings its own weights"):
        load_encoder(model, checkpoint=tmp_path / "w.pt")


def test_the_listing():
    text = "\n".join(listing.lines("siglip2"))
    assert re.search(r"clip-b32 = ViT-B-32-256/datacomp_s34b_b86k", text)
    assert "  ViT-B-16-SigLIP2/webli" in text
    assert "There is no ARCH/PRETRAINED with 'zzz'." in "\n".join(listing.lines("zzz"))
