import io
import tarfile

import pytest
from PIL import Image


def png(shade):
    buffer = io.BytesIO()
    Image.new("L", (4, 4), shade).save(buffer, "PNG")
    return buffer.getvalue()


def pack(path, members):
    """Write a tar of {name: bytes}, or of (name, bytes) pairs where a name comes twice."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items() if isinstance(members, dict) else members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture(name="png")
def png_fixture():
    return png


@pytest.fixture(name="pack")
def pack_fixture():
    return pack
