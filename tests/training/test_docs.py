from dataclasses import fields
from pathlib import Path

import pytest

from retrieval.training.config import TrainConfig, _table

DOCUMENT = (Path(__file__).parents[2] / "docs" / "training.md").read_text()
KEYS = [f"{table.name}.{key.name}" for table in fields(TrainConfig) for key in fields(_table(table.name))]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_documented(key):
    assert f"`{key}`" in DOCUMENT
