import json

import pytest

from retrieval.training.config import config_of

SIDE = 32


@pytest.fixture
def architecture(tmp_path):
    """A folder with a model small enough to train in a second."""

    def write(name="tiny", *, width=32, vocabulary=5 + 3):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        model = {
            "embed_dim": 16,
            "vision_cfg": {"image_size": SIDE, "patch_size": 16, "layers": 1, "width": width, "head_width": 16},
            "text_cfg": {"context_length": 32, "vocab_size": vocabulary, "layers": 1, "width": 32, "heads": 2},
        }
        pixels = {"size": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3}
        (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model, "preprocess_cfg": pixels}))
        return folder

    return write


@pytest.fixture
def tables(architecture):
    """The tables of a config for the demo world; change them and give them to `config_of`."""
    from retrieval.demo.captions import vocabulary

    folder = architecture(vocabulary=len(vocabulary()) + 4)
    return {
        "model": {"architecture": str(folder)},
        "data": {"seed": 3, "workers": 0, "unknown_words": 0.05},
        "optimiser": {"steps": 6, "batch_size": 8, "warmup_steps": 2},
        "validation": {"every": 3, "images": 12, "whole": 2},
        "run": {"threads": 1, "checkpoint_every": 2, "log_every": 2},
    }


@pytest.fixture
def config(tables):
    return config_of(tables)
