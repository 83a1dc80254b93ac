import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sources.cells import column_parsers


def typed(cells):
    parser = column_parsers(["c"], [[("c", cell)] for cell in cells])["c"]
    return [parser(cell) for cell in cells]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1) | st.lists(st.booleans(), min_size=1))
def test_whole_numbers_and_booleans_come_back_as_they_are(values):
    back = typed([str(value) for value in values])
    assert back == values
    assert {type(value) for value in back} == {type(values[0])}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_finite_floats_come_back_exactly(values):
    assert typed([repr(value) for value in values]) == values


@pytest.mark.parametrize("odd", ["007", "+1", "1_0", "0x1", "1e999", "nan", "1,5", "1.", ".5", "yes", "1 2"])
def test_one_cell_that_is_no_value_makes_the_column_text(odd):
    assert typed(["1", odd, "true"]) == ["1", odd, "true"]
    assert typed([odd]) == [odd]
