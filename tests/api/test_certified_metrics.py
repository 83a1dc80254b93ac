"""What /metrics tells of certificates: the recalls of the plans that searches get, by hand."""

from __future__ import annotations

import pytest

from api.observing.catalogue import read_catalogue
from api.observing.metrics import Metrics
from retrieval.certificate import Certificate, Curve, Point, Recall
from retrieval.metadata import generations
from retrieval.settings import Settings
from retrieval.types import IndexParams, ModelReference, external_spec
from retrieval.workspace import Workspace

AT_10, AT_100 = Recall(0.98, 0.97, 0.99), Recall(0.96, 0.95, 0.975)
ALL = Curve("text", 1.0, 300, (Point(100, AT_10, AT_100, 100.0, 1e-3),))
TENTH = Curve("text", 0.1, 300, (Point(200, AT_10, None, 20.0, 1e-5),))


@pytest.fixture
def state(tmp_path):
    with Workspace(Settings(data_dir=tmp_path, database_url=None)) as workspace:
        index = IndexParams(target_recall=0.95)
        made = workspace.create("c", external_spec("test", 8), ModelReference("external"), index=index)
        with workspace.database.write() as connection:
            certificates = {"image": Certificate(100_000, 1e-7, (ALL, TENTH))}
            generations.publish(connection, made.info.id, [], certificates=certificates)
            return read_catalogue(connection)


def test_recalls_are_those_of_plans(state):
    """Without a filter the graph is taken; with one it misses 0.99, so that all allowed vectors are compared."""
    told = {(one.collection, one.modality, one.share, one.k, one.bound): one.recall for one in state.recalls}
    assert told == {
        ("c", "text", share, k, bound): value
        for share, k, recall in ((1.0, 10, AT_10), (1.0, 100, AT_100), (0.1, 10, None), (0.1, 100, None))
        for bound, value in (
            ("mean", recall.value if recall else 1.0),
            ("low", recall.low if recall else 1.0),
            ("high", recall.high if recall else 1.0),
        )
    }


def test_they_are_told_with_their_intervals(state):
    told = Metrics().text(state).decode()
    line = 'retrieval_certified_recall_at_100{{bound="{}",collection="c",modality="text",share="1"}} {}\n'
    for bound, value in (("mean", 0.96), ("low", 0.95), ("high", 0.975)):
        assert line.format(bound, value) in told
    assert 'retrieval_certified_recall_at_10{bound="low",collection="c",modality="text",share="0.1"} 1.0\n' in told
