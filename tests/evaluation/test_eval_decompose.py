"""Whose fault a miss is: every stage by hand, and sums that hold whatever is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import InputError
from retrieval.evaluation.decompose import decompose

STAGES = ("model", "precision", "filter", "index")


def by_query(*rows):
    """Stages from rows such as "1100": found by the first two of the stages, and not by the others."""
    return {name: np.array([row[place] == "1" for row in rows]) for place, name in enumerate(STAGES)}


def test_each_miss_goes_to_the_stage_from_which_on_it_was_missed():
    found = decompose(by_query("0000", "1000", "1100", "1110", "1111"), k=10)
    assert found.blame == {"model": 1, "precision": 1, "filter": 1, "index": 1}
    assert (found.queries, found.misses, found.lucky) == (5, 4, 0)


def test_what_was_found_again_in_between_is_the_later_stages():
    # by luck: missed by the ideal search, found in the end; 0100 is the filter's, which lost what the precision found
    found = decompose(by_query("0001", "1011", "1010", "0100"), k=1)
    assert found.blame == {"model": 0, "precision": 0, "filter": 1, "index": 1}
    assert (found.misses, found.lucky) == (2, 1)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.text("01", min_size=4, max_size=4), min_size=1, max_size=30))
def test_figures_add_up(rows):
    hits = by_query(*rows)
    found = decompose(hits, k=5)
    assert found.misses == sum(found.blame.values()) == sum(row[-1] == "0" for row in rows)
    missed_by_ideal = sum(row[0] == "0" for row in rows)
    never = sum("1" not in row for row in rows)
    assert found.blame["model"] == never
    assert found.lucky <= missed_by_ideal - never


def test_no_stages_are_an_error():
    with pytest.raises(InputError, match="no stages"):
        decompose({}, k=1)
