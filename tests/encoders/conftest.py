"""Tiny models on disk, and pictures for them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import TINY, varied, write_folder


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads of tiny products wait for one another longer than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    return write_folder(tmp_path_factory.mktemp("tiny"), TINY)


@pytest.fixture(scope="session")
def custom_text(tmp_path_factory) -> Path:
    """The other layout of open_clip, with a text tower of its own."""
    return write_folder(tmp_path_factory.mktemp("custom"), varied(custom_text=True))


@pytest.fixture(scope="session")
def pixels():
    return np.random.default_rng(5).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8)
