"""`retrieval facets` as people type it."""

from __future__ import annotations

import json

import pytest
from helpers import COLOURS, run_cli, save_picture


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    rows = ["image,price,colour"]
    for number, (name, colour) in enumerate(COLOURS.items()):
        save_picture(folder / "pictures" / f"{name}.png", colour)
        rows.append(f"pictures/{name}.png,{number * 10},{name}")
    (folder / "catalogue.csv").write_text("\n".join(rows))
    run_cli("index", "catalogue.csv", "--collection", "things", "--model", "fake", cwd=folder)
    return folder


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
