import json
import re

import pytest
from filter_strategies import filters, steadily
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import FilterError, InputError
from retrieval.filters import parse_filter
from retrieval.filters.ast import And, Comparison, Contains, Exists, Filter, Flag, Membership, Not, Number, Or, Text
from retrieval.filters.parse import MAX_CONDITIONS, MAX_DEPTH, MAX_LENGTH

DRESS = Comparison("category", "=", Text("dress"))
CHEAP = Comparison("price", "<", Number(50))


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ('category = "dress" and price < 50', And((DRESS, CHEAP))),
        ("category == 'dress' AND price<50", And((DRESS, CHEAP))),
        ("price < 5e1", CHEAP),
        ("price >= -.5", Comparison("price", ">=", Number(-0.5))),
        ("sale != TRUE", Comparison("sale", "!=", Flag(True))),
        ('size in ("S", 38, false)', Membership("size", (Text("S"), Number(38), Flag(False)))),
        ('size not in ("S")', Membership("size", (Text("S"),), negated=True)),
        ('tags contains "red"', Contains("tags", Text("red"))),
        ("exists(camera.lens-type)", Exists("camera.lens-type")),
        ("`in` = 1 or `a \\` b` = 1", Or((Comparison("in", "=", Number(1)), Comparison("a ` b", "=", Number(1))))),
        ("not exists(a) and exists(b)", And((Not(Exists("a")), Exists("b")))),
        ("not (exists(a) and exists(b))", Not(And((Exists("a"), Exists("b"))))),
        ("exists(a) or exists(b) and exists(c)", Or((Exists("a"), And((Exists("b"), Exists("c")))))),
        ("(exists(a) or exists(b)) and exists(c)", And((Or((Exists("a"), Exists("b"))), Exists("c")))),
        ("größe = 'L'", Comparison("größe", "=", Text("L"))),
    ],
)
def test_text_becomes_this_tree(text, root):
    assert parse_filter(text).root == root


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "the filter is empty"),
        ("price <", 7, "expected a value after '<', found the end"),
        ("price < and sale = true", 8, "expected a value after '<', found 'and'"),
        ("price => 5", 6, "unknown operator => ; did you mean >= ?"),
        ("price <> 5", 6, "did you mean != ?"),
        ("a = 1 && b = 2", 6, "did you mean and ?"),
        ("price << 5", 6, "there are = == != < <= > >="),
        ('category = "dress', 11, 'unterminated string: no closing "'),
        ("`a = 1", 0, "unterminated name"),
        ("category = dress", 11, 'text goes in quotes: "dress"'),
        ("50 > price", 0, "the name stands first"),
        ("in = 5", 0, "a name like that goes in `backticks`"),
        ("price = null", 8, "null is not a value; for presence write exists(NAME)"),
        ("price is null", 6, "found the name is; for presence write exists(NAME)"),
        ("price", 5, "expected a comparison after price, found the end"),
        ("price 5", 6, "expected a comparison after price, found the number 5"),
        ("price between 1 and 2", 6, "write NAME >= LOW and NAME <= HIGH"),
        ("sale < true", 7, "true compares with = and != only"),
        ("tags contains 5", 14, "contains takes a text in quotes"),
        ('tags not contains "a"', 9, "otherwise 'not' stands before the name"),
        ("size in 5", 8, "expected '(' after 'in'"),
        ("size in ()", 9, "expected a value after '('"),
        ("size in (1,)", 11, "expected a value after ','"),
        ("size in (1 2)", 11, "expected ')' for the '(' at position 9"),
        ("exists price", 7, "expected '(' and an attribute name"),
        ("(a = 1", 6, "expected ')' for the '(' at position 1"),
        ("a = 1)", 5, "a ')' that no '(' opened"),
        ("a = 1 b = 2", 6, "expected 'and', 'or' or the end"),
        ("date > 2026-01-05", 7, "2026-01-05 is not a number; dates and other text go in quotes"),
        ("a = 1.2.3", 4, "is not a number"),
        ("a = 1e999", 4, "too large"),
        (f"a = {'9' * 5000}", 4, "too large"),
        ("a = “x”", 4, "typographic quote"),
        ("a = #", 4, "unexpected character '#'"),
        (r'a = "\d"', 5, r"unknown escape \d"),
        ("a\n=\n!", 4, "unknown operator !"),
    ],
)
def test_errors_name_the_place_and_the_remedy(text, position, message):
    with pytest.raises(FilterError, match=re.escape(message)) as caught:
        parse_filter(text)
    assert caught.value.position == position
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * (MAX_LENGTH + 1), "at most 10,000 characters"),
        ("(" * MAX_LENGTH, "nest 64 deep"),
        ("not " * (MAX_LENGTH // 4), "nest 64 deep"),
        ("a=1 or " * (MAX_CONDITIONS + 1), "at most 1,000 comparisons"),
        ('"' + "\\" * (MAX_LENGTH - 1), "unterminated string"),
    ],
)
def test_hostile_texts_are_refused(text, message):
    with pytest.raises(FilterError, match=message):
        parse_filter(text)


def test_the_limits_themselves_are_allowed():
    assert parse_filter("(" * MAX_DEPTH + "a=1" + ")" * MAX_DEPTH).root == Comparison("a", "=", Number(1))
    assert len(parse_filter("a=1 or " * (MAX_CONDITIONS - 1) + "a=1").root.terms) == MAX_CONDITIONS
    assert len(parse_filter("(a=1) and not b=2 and " * (MAX_DEPTH + 1) + "c=3").root.terms) == 2 * MAX_DEPTH + 3
    nested = parse_filter("(a=1 or b=2 and" * MAX_DEPTH + " c=3" + ")" * MAX_DEPTH)
    assert parse_filter(str(nested)) == nested


@steadily
@given(filters(st.text(), st.text()))
def test_canonical_text_parses_to_the_same_tree(where):
    assert parse_filter(str(where)) == where
    assert str(where).splitlines() in ([], [str(where)])


@steadily
@given(st.text())
def test_any_json_string_is_a_string_of_the_language(text):
    assert parse_filter(f"a = {json.dumps(text)}").root.value == Text(text)
    assert parse_filter(f"a = {json.dumps(text, ensure_ascii=False)}").root.value == Text(text)


words = st.sampled_from(["a", "and", "or", "not", "in", "contains", "exists", "null", "true", '"x"', "'", "`", "1", "-",
                         "(", ")", ",", "=", "<", "=>", "\\", "\n", " ", "é", "\ud800", "\u2028"])  # fmt: skip


@steadily
@given(st.lists(words, max_size=12).map(" ".join) | st.lists(words, max_size=12).map("".join) | st.text())
def test_any_text_is_a_filter_or_a_one_line_error_with_a_position_in_it(text):
    try:
        where = parse_filter(text)
    except FilterError as refused:
        error = refused
    else:
        assert parse_filter(str(where)) == where
        return
    assert 0 <= error.position <= len(text)
    assert str(error).splitlines() == [str(error)]


def test_constants_of_different_types_differ():
    assert Number(1) != Flag(True)
    assert Filter(Comparison("a", "=", Number(1))) == parse_filter("a = 1.0")
    with pytest.raises(InputError, match="finite"):
        Number(float("nan"))
