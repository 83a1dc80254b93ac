from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from retrieval.training.config import TrainConfig

DOCUMENT = (Path(__file__).parents[2] / "docs" / "training.md").read_text()
KEYS = [f"{table}.{key.name}" for table, kind in get_type_hints(TrainConfig).items() for key in fields(kind)]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_documented(key):
    assert f"`{key}`" in DOCUMENT
