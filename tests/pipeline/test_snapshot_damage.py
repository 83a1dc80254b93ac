"""Files that are no snapshot, or no longer the one that was written, are refused by name, and leave nothing behind."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from small_snapshot import small

from retrieval.errors import SnapshotError
from retrieval.settings import Settings
from retrieval.snapshots.manifest import CHECKSUM, MANIFEST
from retrieval.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    with Workspace(Settings(data_dir=tmp_path / "data", database_url=None)) as workspace:
        yield workspace


def test_a_flipped_byte_is_named(workspace, tmp_path):
    whole = small(workspace, tmp_path / "c.tar").read_bytes()
    with tarfile.open(tmp_path / "c.tar") as tar:
        members = tar.getmembers()
    assert [member.name for member in members[:2]] == [MANIFEST, CHECKSUM]
    for member in members:
        places = [member.offset + 3, member.offset + 130]  # its name, its size
        places += [member.offset_data, member.offset_data + member.size - 1] if member.size else []
        for place in places:
            damaged = bytearray(whole)
            damaged[place] ^= 0x04
            (tmp_path / "damaged.tar").write_bytes(damaged)
            with pytest.raises(SnapshotError) as error:
                workspace.restore(tmp_path / "damaged.tar", "restored")
            named = MANIFEST if member.name == CHECKSUM and place >= member.offset_data else member.name
            assert (named if member.offset else "no snapshot") in str(error.value) or named in str(error.value)
    for size in (0, 100, 700, len(whole) // 2):
        (tmp_path / "damaged.tar").write_bytes(whole[:size])
        with pytest.raises(SnapshotError, match="damaged"):
            workspace.restore(tmp_path / "damaged.tar", "restored")
    assert [info.name for info in workspace.collections()] == ["c"]
    assert len(list((workspace.data_dir / "collections").iterdir())) == 1


def rewritten(
    path: Path, change, *, names=lambda name: name, kind=tarfile.REGTYPE, contents=lambda _, data: data
) -> Path:
    """The snapshot with another manifest, whose checksums are right, and other members in the tar."""
    with tarfile.open(path) as tar:
        parts = [(member.name, contents(member.name, tar.extractfile(member).read())) for member in tar.getmembers()]
    document = json.loads(parts[0][1])
    for member, (_, data) in zip(document["members"], parts[2:], strict=True):
        member["sha256"] = hashlib.sha256(data).hexdigest()
    change(document)
    head = json.dumps(document).encode()
    parts[:2] = [(MANIFEST, head), (CHECKSUM, hashlib.sha256(head).hexdigest().encode())]
    with tarfile.open(path.with_name("rewritten.tar"), "w") as tar:
        for name, data in parts:
            header = tarfile.TarInfo(names(name))
            header.size = len(data)
            if name.startswith("segments/"):
                header.type, header.linkname = kind, "/etc/passwd"
            tar.addfile(header, io.BytesIO(data))
    return path.with_name("rewritten.tar")


def test_what_no_snapshot_says_is_refused(workspace, tmp_path):
    path = small(workspace, tmp_path / "c.tar")

    def outside(document):
        document["members"][-1]["name"] = "segments/../../../evil"

    def another_file(name, data):
        return data.replace(b".vectors", b".vektors") if name == "rows/segments.jsonl" else data

    for change, message in (
        (lambda document: document.update(format=2), "newer release"),
        (lambda document: document.update(schema="9999"), "newer release"),
        (lambda document: document.pop("members"), "no snapshot"),
        (outside, "which none has"),
    ):
        with pytest.raises(SnapshotError, match=message):
            workspace.restore(rewritten(path, change), "restored")
    with pytest.raises(SnapshotError, match="is not as it was written"):
        workspace.restore(rewritten(path, dict, names=lambda name: name.replace("segments", "../segments")), "restored")
    with pytest.raises(SnapshotError, match="is not as it was written"):
        workspace.restore(rewritten(path, dict, kind=tarfile.SYMTYPE), "restored")
    with pytest.raises(SnapshotError, match="lacks a file that it names"):
        workspace.restore(rewritten(path, dict, contents=another_file), "restored")
    with pytest.raises(SnapshotError, match="there is no snapshot"):
        workspace.restore(tmp_path / "nothing.tar")
    assert workspace.restore(rewritten(path, dict), "restored").counts() == (2, 2)
