"""What people wrote, in a table on a terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from retrieval.certificate import Certificate, Curve, Point, Recall
from retrieval.commands.certificate_tables import certificate_table
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


def test_the_settings_of_certificates_are_those_that_searches_take():
    """Filters ask for 0.99 at least and for candidates to spare; without a target, for more candidates."""

    def point(ef_search: int, recall: float, found: float, at_100: float | None = None) -> Point:
        measured = Recall(at_100, at_100, at_100) if at_100 else None
        return Point(ef_search, Recall(recall, recall, recall), measured, found, 0.001)

    everything = Curve("text", 1.0, 300, (point(64, 0.95, 64), point(128, 0.99, 128, 0.8), point(256, 1, 256, 0.96)))
    half = Curve("text", 0.5, 300, (point(64, 0.95, 16), point(128, 0.995, 19), point(256, 0.999, 64)))
    tenth = Curve("text", 0.1, 300, (point(64, 0.3, 3), point(512, 0.98, 26)))
    certificate = Certificate(1_000, 1e-6, (everything, half, tenth))

    def settings(target: float | None) -> list[list[str]]:
        rows = shown(certificate_table(certificate, target=target, ef_search=64))
        return [[cell for cell in row[1:-2] if "(" not in cell] for row in rows[1:]]

    assert settings(0.9) == [
        ["100%", "64", "0.950", "0.960", "at", "256"],
        ["50%", "256", "0.999", "1", "exact"],
        ["10%", "exact", "1", "1"],
    ]
    assert settings(None) == [
        ["100%", "64", "0.950", "0.800", "at", "128"],
        ["50%", "128", "0.995", "–"],
        ["10%", "512", "0.980", "–"],
    ]
