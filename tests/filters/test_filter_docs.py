"""Everything that docs/filters.md says by example is so."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import FilterError
from retrieval.filters import AttributeTable, matches, parse_filter

PAGE = (Path(__file__).parents[2] / "docs" / "filters.md").read_text(encoding="utf-8")


def test_the_examples_parse():
    examples = [line for block in re.findall(r"```filter\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(examples) == 7
    for example in examples:
        parse_filter(example)


def test_the_meanings_hold():
    cases = re.findall(r"^\| `(\{.*?\})` \| `(.+?)` \| (yes|no) \|", PAGE, re.MULTILINE)
    assert len(cases) == 16
    for attributes, where, expected in cases:
        assert matches(parse_filter(where), json.loads(attributes)) is (expected == "yes"), (attributes, where)


def test_the_errors_are_these():
    errors = re.findall(r"^\| `(.+?)` \| (.+) \|$", PAGE.split("## Errors")[1].split("## In Python")[0], re.MULTILINE)
    assert len(errors) == 8
    table = AttributeTable()
    table.append(np.array([1]), [{"price": 5}])
    for where, message in errors:
        with pytest.raises(FilterError, match=re.escape(message)):
            table.check(parse_filter(where))


def test_the_python_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    scope = {}
    exec(code, scope)
    assert scope["table"].mask(scope["where"]).tolist() == [True, False]
