"""min_score, diversity, group_by and without: by hand, and together against an oracle that looks at everything."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import unit_vectors
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from retrieval.errors import FilterError, InputError
from retrieval.search import options as search_options
from retrieval.search.diversity import maximal_marginal_relevance, pool_size
from retrieval.search.grouping import first_of_each
from retrieval.search.options import SearchOptions
from retrieval.search.ranking import Sought
from retrieval.settings import Settings
from retrieval.types import ModelReference, external_spec
from retrieval.workspace import Workspace

DIM, ROWS = 5, 240
VECTORS = unit_vectors(ROWS, DIM, seed=1)
QUERIES = unit_vectors(20, DIM, seed=2)
COLOURS = ["red", "green", "blue", None]
SHADES = ["dark", "light", "dull"]


def attributes_of(row: int) -> dict:
    """A colour for three in four, a list of shades (perhaps an empty one), a number or a truth value."""
    shades = [shade for number, shade in enumerate(SHADES) if row >> number & 1]
    return {
        "colour": COLOURS[row % 4],
        "shades": shades,
        "flag": [0, 1, True, "1"][row % 4],
        "rare": row if row < 7 else None,
    }


ATTRIBUTES = [attributes_of(row) for row in range(ROWS)]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    with Workspace(Settings(data_dir=tmp_path_factory.mktemp("data"), database_url=None)) as workspace:
        collection = workspace.create("c", external_spec("test", DIM), ModelReference("external"))
        collection.add_vectors([str(row) for row in range(ROWS)], VECTORS, attributes=ATTRIBUTES)
        yield collection


def test_maximal_marginal_relevance_by_hand():
    # b is nearly a; c is unlike both. With half for diversity, b gains 0.44 - 0.495 < 0 and c 0.30 - 0.05 = 0.25;
    # with a tenth, b gains 0.792 - 0.099 = 0.693 and c 0.54 - 0.01 = 0.53.
    a, b = [1, 0, 0], [0.99, np.sqrt(1 - 0.99**2), 0]
    y = (0.1 - 0.099) / b[1]
    vectors = np.array([a, b, [0.1, y, np.sqrt(1 - 0.01 - y * y)]], np.float32)
    scores = np.array([0.9, 0.88, 0.6], np.float32)
    assert maximal_marginal_relevance(scores, vectors, k=3, diversity=0.5) == [0, 2, 1]
    assert maximal_marginal_relevance(scores, vectors, k=3, diversity=0.1) == [0, 1, 2]
    assert maximal_marginal_relevance(scores, vectors, k=2, diversity=1.0) == [0, 2]
    assert maximal_marginal_relevance(scores, vectors, k=2, diversity=0.0) == [0, 1]


def test_each_value_is_there_by_its_first_row_and_no_row_twice():
    assert first_of_each(["red", "red", None, "blue", "red"]) == [0, 3]
    assert first_of_each([["a", "b"], ["b"], [], ["b", "c"], "c"]) == [0, 3]
    assert first_of_each([1, True, 1.0, False, 0, "1"]) == [0, 1, 3, 4, 5]


def test_groups_are_found_far_down(collection):
    """Seven items have `rare`; whatever the query, they are found among the 240, each a group."""
    assert {hit.doc_id for hit in collection.search(vector=QUERIES[0], k=50, group_by="rare").hits} == set("0123456")
    # One colour fills the first rounds; the other groups begin below.
    near = VECTORS[0]
    colours = [h.attributes["colour"] for h in collection.search(vector=near, k=3, group_by="colour").hits]
    assert sorted(colours) == ["blue", "green", "red"]


def by_oracle(query, options: SearchOptions, condition) -> list[int]:
    """Rows to be shown, from the scores of all."""
    scores = VECTORS @ query
    rows = [row for row in np.argsort(-scores, kind="stable").tolist() if condition(ATTRIBUTES[row])]
    rows = [row for row in rows if str(row) != options.without]
    if options.group_by:
        seen, kept = [], []
        for row in rows:
            value = ATTRIBUTES[row][options.group_by]
            values = value if isinstance(value, list) else [] if value is None else [value]
            new = [one for one in values if (type(one), one) not in seen]
            seen += [(type(one), one) for one in values]
            kept += [row] if new else []
        rows = kept
    if options.diversity:
        rows = rows[: pool_size(options.k)]
    rows = [row for row in rows if options.min_score is None or scores[row] >= options.min_score]
    if not options.diversity:
        return rows[: options.k]
    chosen: list[int] = []
    while len(chosen) < min(options.k, len(rows)):

        def gain(row, chosen=chosen):
            like = max((float(VECTORS[row] @ VECTORS[other]) for other in chosen), default=-1.0)
            return (1 - options.diversity) * float(scores[row]) - options.diversity * like

        chosen.append(max((row for row in rows if row not in chosen), key=gain))
    return chosen


CONDITIONS = {
    None: lambda a: True,
    'colour = "red"': lambda a: a["colour"] == "red",
    "exists(rare)": lambda a: a["rare"] is not None,
}


@given(
    query=st.integers(0, len(QUERIES) - 1),
    k=st.integers(1, 60),
    condition=st.sampled_from(list(CONDITIONS)),
    min_score=st.none() | st.sampled_from([-1.0, 0.0, 0.4, 0.99]),
    diversity=st.sampled_from([0.0, 0.2, 0.7]),
    group_by=st.none() | st.sampled_from(["colour", "shades", "flag", "rare"]),
    without=st.none() | st.integers(0, ROWS - 1),
)
@hypothesis_settings(max_examples=150, deadline=None, derandomize=True)
def test_all_together_as_the_oracle(collection, query, k, condition, min_score, diversity, group_by, without):
    options = SearchOptions(
        k=k,
        filter=condition,
        min_score=min_score,
        diversity=diversity,
        group_by=group_by,
        without=None if without is None else str(without),
    )
    result = collection.engine.search(Sought(QUERIES[query : query + 1]), options)
    expected = by_oracle(QUERIES[query], options, CONDITIONS[condition])
    assert [hit.doc_id for hit in result.hits] == [str(row) for row in expected]
    assert [hit.score for hit in result.hits] == pytest.approx((VECTORS[expected] @ QUERIES[query]).tolist(), abs=1e-6)
    assert [hit.rank for hit in result.hits] == list(range(1, len(expected) + 1))


def test_similar_takes_the_same_options(collection):
    hits = collection.similar("3", k=4, group_by="colour", min_score=-1, diversity=0.3).hits
    assert len({hit.attributes["colour"] for hit in hits}) == len(hits) == 3
    assert "3" not in [hit.doc_id for hit in hits]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_score": 1.5}, "scores are cosines"),
        ({"min_score": float("nan")}, "scores are cosines"),
        ({"diversity": -0.1}, "diversity is -0.1"),
        ({"diversity": 0.5, "k": search_options.MOST_DIVERSE + 1}, "at most 1,000"),
        ({"group_by": ""}, "name an attribute"),
        ({"group_by": "color"}, "group_by: no item has an attribute color"),
    ],
)
def test_mistakes_are_told(collection, options, message):
    with pytest.raises(InputError, match=message):
        collection.search(vector=QUERIES[0], **options)


def test_a_mistake_in_the_filter_is_told_of_the_filter_alone(collection):
    with pytest.raises(FilterError) as caught:
        collection.search(vector=QUERIES[0], filter="flag <", group_by="colour")
    assert caught.value.expression == "flag <"
