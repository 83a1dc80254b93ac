import errno
import json
import os

import pytest
import torch
from safetensors.torch import load_file

from retrieval.errors import ConflictError, CorruptionError, InputError, ModelError, StorageError
from retrieval.training import files
from retrieval.training.checkpoint import CHECKPOINT_FILE
from retrieval.training.config import config_of
from retrieval.training.loop import train
from retrieval.training.model import build
from retrieval.training.step import Learner


def step_of(folder):
    return torch.load(folder / CHECKPOINT_FILE, weights_only=True)["position"]["step"]


def test_a_full_disk_is_told_and_leaves_the_last_checkpoint(config, tmp_path, monkeypatch):
    synced = []

    def full(handle):
        synced.append(handle)
        if len(synced) > 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageError, match=r"cannot write .*: No space left on device; the last .* is intact.* resume"):
        train(config, out=tmp_path)
    assert not list(tmp_path.glob(".*partial"))
    assert step_of(tmp_path) >= 2

    monkeypatch.undo()
    assert train(config, out=tmp_path).steps == config.optimiser.steps


def test_a_checkpoint_of_another_architecture_is_refused(tables, architecture, tmp_path):
    train(config_of(tables), out=tmp_path / "out")
    before = (tmp_path / "out" / CHECKPOINT_FILE).read_bytes()
    size = json.loads((tmp_path / "tiny" / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]["vocab_size"]
    tables["model"]["architecture"] = str(architecture("wider", width=48, vocabulary=size))
    with pytest.raises(ModelError, match=r"checkpoint of another architecture \(.*--fresh"):
        train(config_of(tables), out=tmp_path / "out")
    assert (tmp_path / "out" / CHECKPOINT_FILE).read_bytes() == before


def test_a_checkpoint_of_another_run_is_refused_unless_fresh(tables, tmp_path):
    train(config_of(tables), out=tmp_path)
    tables["optimiser"]["learning_rate"] = 0.01
    with pytest.raises(ConflictError, match=r"optimiser\.learning_rate = 0\.001, the config says 0\.01"):
        train(config_of(tables), out=tmp_path)
    train(config_of(tables), out=tmp_path, fresh=True)


@pytest.mark.parametrize("cut", [0, 100, 5000])
def test_a_damaged_checkpoint_is_told(config, tmp_path, cut):
    train(config, out=tmp_path)
    path = tmp_path / CHECKPOINT_FILE
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CorruptionError, match=r"damaged.*--fresh"):
        train(config, out=tmp_path)


def test_an_unknown_architecture_is_told(tables, tmp_path):
    tables["model"]["architecture"] = "ViT-Z-99"
    with pytest.raises(ModelError, match=r"no architecture 'ViT-Z-99'"):
        train(config_of(tables), out=tmp_path)


def test_weights_to_start_from(config, tables, tmp_path):
    train(config, out=tmp_path / "first")
    weights = tmp_path / "first" / "model.safetensors"
    tables["model"]["pretrained"] = str(weights)
    started = build(config_of(tables).model, device=torch.device("cpu")).model.state_dict()
    stored = load_file(weights)
    assert all(torch.equal(started[name].to(stored[name].dtype), stored[name]) for name in stored)

    tables["model"]["pretrained"] = str(tmp_path / "absent.safetensors")
    with pytest.raises(ModelError, match=r"no weights .*absent\.safetensors"):
        build(config_of(tables).model, device=torch.device("cpu"))


def test_a_vocabulary_of_another_size_is_told(tables, architecture, tmp_path):
    tables["model"]["architecture"] = str(architecture("small", vocabulary=10))
    with pytest.raises(ModelError, match=r"text tower 10: set text_cfg\.vocab_size to \d+"):
        train(config_of(tables), out=tmp_path)


def test_an_unknown_device_is_told(tables, tmp_path):
    tables["run"]["device"] = "abacus"
    with pytest.raises(InputError, match=r"run\.device = 'abacus'"):
        train(config_of(tables), out=tmp_path)


def test_a_run_that_diverges_is_told(config):
    learner = Learner(build(config.model, device=torch.device("cpu")), config)
    with torch.no_grad():
        learner.tower.model.logit_scale.fill_(float("inf"))
    pixels = torch.zeros(2, 32, 32, 3, dtype=torch.uint8)
    with pytest.raises(InputError, match=r"the loss is nan at step 1: lower optimiser\.learning_rate"):
        learner.step(0, pixels, ["a cat", "a dog"])
