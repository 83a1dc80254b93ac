"""Every example in docs/sources.md gives the records of the table under it."""

import json
import re
from pathlib import Path

import pytest

from indexer.sources.open import open_source

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```\w+ (?P<name>\S+)\n(?P<content>[^`]*)```\n\n\|.*\n\|.*\n(?P<table>(?:\|.*\n)+)")
ROW = re.compile(r"\| `(.*?)` \| `(.*?)` \| `(.*?)` \|\n")
EXAMPLES = {match["name"]: match for match in EXAMPLE.finditer(PAGE)}


def members(content, png):
    """Lines of `name content`, or of names alone, which stand for images."""
    for number, line in enumerate(content.splitlines()):
        name, _, text = line.partition(" ")
        yield name, text.encode() or png(number)


def write(path, content, png, pack):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tar":
        pack(path, dict(members(content, png)))
    elif not path.suffix:
        for name, data in members(content, png):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    else:
        path.write_text(content)


def test_every_kind_has_an_example():
    assert len(EXAMPLES) == PAGE.count("\n| `doc_id` |") == 9


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_the_records_under_it(tmp_path, png, pack, name):
    write(tmp_path / name, EXAMPLES[name]["content"], png, pack)
    source = open_source(tmp_path / name)
    found = [(record.doc_id, list(record.captions), record.attributes) for record in source.records()]
    expected = [
        (doc_id, json.loads(captions), json.loads(attributes))
        for doc_id, captions, attributes in ROW.findall(EXAMPLES[name]["table"])
    ]
    assert found == expected
    assert source.check() == len(expected)
