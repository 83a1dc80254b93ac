"""`retrieval facets` as people type it."""

from __future__ import annotations

import json

import pytest
from helpers import COLOURS, index_pictures, run_cli


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    prices = {name: number * 10 for number, name in enumerate(COLOURS)}
    return index_pictures(tmp_path_factory.mktemp("cli"), lambda name: {"price": prices[name], "colour": name})


def test_facets_as_a_table_and_as_json(indexed):
    table = run_cli("facets", "-c", "things", "--values", "2", cwd=indexed).stdout
    assert "black (1), blue (1) and 4 more" in table
    assert "0 to 50" in table
    asked = ("facets", "colour", "-c", "things", "--filter", "price < 20", "--json")
    (colours,) = json.loads(run_cli(*asked, cwd=indexed).stdout)["facets"]
    assert colours["values"] == [{"value": "green", "count": 1}, {"value": "red", "count": 1}]
    assert (colours["type"], colours["distinct"]) == ("string", 2)


def test_an_attribute_that_is_not_there(indexed):
    refused = run_cli("facets", "color", "-c", "things", cwd=indexed, check=False)
    assert refused.returncode == 2
    assert refused.stderr == "error: no item has an attribute color; did you mean colour?\n"
