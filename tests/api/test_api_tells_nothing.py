"""Real failures, one of each class: what is told holds no path, no SQL and no traceback."""

from __future__ import annotations

import re

from api_service import PHOTOS, error, photos_in, serving, settings_for

INSIDES = re.compile(r"Traceback|SELECT|INSERT|sqlite|sqlalchemy|\.py\b|File \"", re.IGNORECASE)


def test_failures_tell_nothing_of_the_servers_insides(tmp_path):
    photos_in(tmp_path)
    (tmp_path / "pictures" / "red" / "0.png").unlink()
    (tmp_path / "sources").mkdir()
    with serving(settings_for(tmp_path), source_roots=(tmp_path / "sources",)) as client:
        found = [
            (404, client.get("/v1/collections/..%2f..%2fetc/item?doc_id=a")),
            (404, client.get(f"{PHOTOS}/item?doc_id=/etc/passwd")),
            (404, client.get(f"{PHOTOS}/thumbnail?doc_id=red/0.png")),
            (422, client.get(f"{PHOTOS}/search?q=red&filter=price <")),
            (422, client.post(f"{PHOTOS}/search", json={"vector": [1.0]})),
            (422, client.post(f"{PHOTOS}/search", json={"image": "AAAA"})),
            (422, client.post(f"{PHOTOS}/jobs/index", json={"source": "../data"})),
            (422, client.post(f"{PHOTOS}/jobs/index", json={"source": "nothing"})),
            (404, client.get("/v1/jobs/9")),
        ]
        with client.app.state.service.workspace.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE captions")
        found.append((503, client.get(f"{PHOTOS}/item?doc_id=red/1.png")))
    for status, response in found:
        error(response, status)
        assert str(tmp_path) not in response.text
        assert not INSIDES.search(response.text), response.text
