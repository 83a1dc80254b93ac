"""A run that is killed and resumed ends with the same weights."""

import json
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from retrieval.training.checkpoint import CHECKPOINT_FILE
from retrieval.training.config import config_of
from retrieval.training.loop import train

SCRIPT = """
import json, sys, time
from pathlib import Path
from retrieval.training.config import config_of
from retrieval.training.loop import train
config, out = config_of(json.loads(sys.argv[1])), Path(sys.argv[2])
def report(progress):
    print(progress.step, flush=True)
    time.sleep(0.05)
train(config, out=out, on_progress=report)
"""


def weights(folder):
    return load_file(folder / "model.safetensors")


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("workers", [1, pytest.param(0, marks=pytest.mark.slow)])
def test_killed_and_resumed_ends_with_the_same_weights(tables, tmp_path, workers):
    tables["optimiser"]["steps"] = 40
    tables["data"]["workers"] = workers
    tables["run"] |= {"checkpoint_every": 4, "log_every": 1}
    tables["validation"]["every"] = 20
    config = config_of(tables)
    train(config, out=tmp_path / "whole")

    killed = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, json.dumps(tables), str(killed)], stdout=subprocess.PIPE)
    for line in process.stdout:
        if int(line) >= 14:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)  # the output ends when the worker has ended too
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "model.safetensors").exists()
    step = torch.load(killed / CHECKPOINT_FILE, weights_only=True)["position"]["step"]
    assert 12 <= step < 40

    steps = []
    train(config, out=killed, on_progress=lambda progress: steps.append(progress.step))
    assert steps[0] > step
    assert same(weights(killed), weights(tmp_path / "whole"))


def test_another_seed_gives_other_weights(tables, tmp_path):
    train(config_of(tables), out=tmp_path / "one")
    tables["data"]["seed"] += 1
    train(config_of(tables), out=tmp_path / "two")
    assert not same(weights(tmp_path / "one"), weights(tmp_path / "two"))


def test_a_finished_run_is_not_run_again(config, tmp_path):
    first = train(config, out=tmp_path)
    told = []
    again = train(config, out=tmp_path, on_progress=told.append)
    assert [progress.images_per_second for progress in told] == [0], "no step, but the last one's figures"
    assert again.recalls == first.recalls
