"""What people wrote, in a table on a terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from retrieval.commands.search import _show_captions
from retrieval.commands.tables import numbers, plain_table
from retrieval.types import CaptionHit


def shown(table) -> list[list[str]]:
    out = StringIO()
    Console(file=out, width=80).print(table)
    return [line.split() for line in out.getvalue().splitlines()]


def test_brackets_are_shown_as_they_were_written():
    table = plain_table([numbers("rank"), "doc_id"], [("1", "a[red]b.png"), ("12", "a[/red].png")])
    assert shown(table) == [["rank", "doc_id"], ["1", "a[red]b.png"], ["12", "a[/red].png"]]


def test_a_caption_in_brackets_does_not_end_a_search(capsys):
    _show_captions([CaptionHit("a dog [/barking]", "dogs/[1].png", 0.25, 1)])
    assert capsys.readouterr().out.splitlines()[1].split() == ["1", "0.250", "a", "dog", "[/barking]", "dogs/[1].png"]
