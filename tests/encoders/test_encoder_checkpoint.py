"""Files of every layout load alike; those that do not fit say why."""

import pickle

import pytest
import torch
from safetensors.torch import save_file
from tiny_models import TINY, make_model, varied, write_folder

from retrieval.encoders.registry import load_encoder
from retrieval.errors import ModelError


@pytest.fixture(scope="module")
def config(tiny):
    return str(tiny / "open_clip_config.json")


@pytest.fixture(scope="module")
def state():
    return make_model(TINY).state_dict()


def load(config, checkpoint):
    return load_encoder(config, checkpoint=checkpoint, precision="fp32", device="cpu")


def test_identity_does_not_depend_on_the_file(tiny, config, state, tmp_path):
    expected = load_encoder(str(tiny), precision="fp32", device="cpu").spec
    contents = {
        "plain.pt": state,
        "training.pth": {"epoch": 3, "name": "run", "state_dict": state, "optimizer": {"lr": 0.1}},
        "distributed.bin": {"state_dict": {f"module.{key}": value for key, value in state.items()}},
        "compiled.pt": {f"_orig_mod.module.{key}": value for key, value in state.items()},
        "no_scale.pt": {key: value for key, value in state.items() if key != "logit_scale"},
    }
    for name, content in contents.items():
        torch.save(content, tmp_path / name)
        spec = load(config, tmp_path / name).spec
        if name != "no_scale.pt":
            assert spec.encoder_id == expected.encoder_id, name
        assert spec.pretrained == name


def test_identity_holds_weights_architecture_and_precision(tiny, tmp_path):
    usual = load_encoder(str(tiny), precision="fp32", device="cpu").spec
    again = load_encoder(str(tiny), precision="fp32", device="cpu").spec
    assert usual == again
    others = {usual.encoder_id}
    others.add(load_encoder(str(tiny), precision="bf16", device="cpu").spec.encoder_id)
    other_seed = write_folder(tmp_path / "seed", TINY, make_model(TINY, seed=1))
    others.add(load_encoder(str(other_seed), precision="fp32", device="cpu").spec.encoder_id)
    same_weights = make_model(TINY)
    for name, config in (("gelu", varied(quick_gelu=True)), ("heads", varied(vision_cfg={"head_width": 24}))):
        folder = write_folder(tmp_path / name, config, same_weights)
        others.add(load_encoder(str(folder), precision="fp32", device="cpu").spec.encoder_id)
    assert len(others) == 5


def test_identity_leaves_out_defaults_and_what_only_training_uses(tiny, tmp_path):
    spelled_out = varied(
        quick_gelu=False,
        vision_cfg={"mlp_ratio": 4.0, "patch_dropout": 0.5, "image_size": [32, 32]},
        text_cfg={"pad_id": 0},
    )
    folder = write_folder(tmp_path, spelled_out, make_model(TINY))
    spec = load_encoder(str(folder), precision="fp32", device="cpu").spec
    assert spec.encoder_id == load_encoder(str(tiny), precision="fp32", device="cpu").spec.encoder_id


def test_half_precision_files_load_as_fp32(config, state, tmp_path):
    save_file({key: value.half().contiguous() for key, value in state.items()}, tmp_path / "half.safetensors")
    halves = {key: value.half().float() for key, value in state.items()}
    torch.save(halves, tmp_path / "full.pt")
    assert (
        load(config, tmp_path / "half.safetensors").spec.encoder_id
        == load(config, tmp_path / "full.pt").spec.encoder_id
    )


def test_another_architecture_is_named_with_what_does_not_fit(config, tmp_path):
    save_file(make_model(varied(vision_cfg={"layers": 3})).state_dict(), tmp_path / "deep.safetensors")
    with pytest.raises(
        ModelError, match=r"weights without a place in it: 12 \(first: visual\.transformer\.resblocks\.2\."
    ):
        load(config, tmp_path / "deep.safetensors")
    save_file(make_model(varied(vision_cfg={"layers": 1})).state_dict(), tmp_path / "flat.safetensors")
    with pytest.raises(ModelError, match=r"missing weights: 12 \(first: visual\.transformer\.resblocks\.1\."):
        load(config, tmp_path / "flat.safetensors")
    save_file(make_model(varied(vision_cfg={"image_size": 64})).state_dict(), tmp_path / "large.safetensors")
    with pytest.raises(
        ModelError, match=r"another shape: 1 \(first: visual\.positional_embedding, 65 x 48 for 17 x 48\)$"
    ):
        load(config, tmp_path / "large.safetensors")


class Harmful:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code in a checkpoint was run')",))


def test_code_in_a_checkpoint_is_not_run(config, state, tmp_path):
    torch.save({"state_dict": state, "args": Harmful()}, tmp_path / "harmful.pt")
    with pytest.raises(ModelError, match="could run code: save the state_dict\\(\\) alone"):
        load(config, tmp_path / "harmful.pt")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(Harmful(), protocol=2))
    with pytest.raises(ModelError, match="could run code"):
        load(config, tmp_path / "bare.pt")


def test_a_torchscript_program_is_refused(config, tmp_path):
    with pytest.warns(FutureWarning, match="deprecated"):
        torch.jit.script(torch.nn.Linear(2, 2)).save(str(tmp_path / "program.pt"))
    with pytest.raises(ModelError, match="TorchScript program"):
        load(config, tmp_path / "program.pt")


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth", ".bin"])
@pytest.mark.parametrize("damage", ["empty", "half", "text", "html"])
def test_damaged_files_are_one_line(config, tiny, state, tmp_path, suffix, damage):
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        path.write_bytes((tiny / "model.safetensors").read_bytes())
    else:
        torch.save(state, path)
    whole = path.read_bytes()
    path.write_bytes(
        {"empty": b"", "half": whole[: len(whole) // 2], "text": b"hello world", "html": b"<html>404</html>"}[damage]
    )
    with pytest.raises(ModelError, match="damaged") as caught:
        load(config, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"), [([1, 2], "but a list"), ({"epoch": 3}, "holds no weights"), ({}, "no weights")]
)
def test_files_without_weights(config, tmp_path, content, message):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(ModelError, match=message):
        load(config, tmp_path / "other.pt")


def test_missing_files_and_other_kinds(config, tmp_path):
    with pytest.raises(ModelError, match=r"there is no checkpoint .*gone\.pt"):
        load(config, tmp_path / "gone.pt")
    with pytest.raises(ModelError, match=r"ends in \.safetensors, \.pt, \.pth, \.bin"):
        load(config, tmp_path / "weights.h5")
