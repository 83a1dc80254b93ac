import json

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from retrieval.demo.captions import captions
from retrieval.demo.catalogue import write_catalogue
from retrieval.demo.cli import register
from retrieval.demo.render import render
from retrieval.demo.scene import sample_scene
from retrieval.errors import ConflictError, InputError, StorageError


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stamps(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "images").iterdir()}


def test_the_manifest_describes_every_image(tmp_path):
    manifest = write_catalogue(tmp_path / "new" / "demo", count=7, seed=3, size=64)
    entries = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    assert [entry["image"] for entry in entries] == [f"images/{index:06d}.jpg" for index in range(7)]
    assert len({entry["doc_id"] for entry in entries}) == 7
    for index, entry in enumerate(entries):
        scene = sample_scene(3, index)
        assert tuple(entry["captions"]) == captions(scene)
        assert entry["attributes"]["kind"] == scene.main.kind
        with Image.open(manifest.parent / entry["image"]) as image:
            assert (image.format, image.size) == ("JPEG", (64, 64))


def test_a_repeated_run_leaves_every_file_alone(tmp_path):
    done = []
    write_catalogue(tmp_path, count=4, seed=3, size=64)
    before = stamps(tmp_path)
    write_catalogue(tmp_path, count=4, seed=3, size=64, on_progress=done.append)
    assert stamps(tmp_path) == before
    assert done == [1, 2, 3, 4]


def test_an_interrupted_run_goes_on_to_the_same_result(tmp_path):
    class KilledError(Exception):
        pass

    def kill(done):
        if done == 3:
            raise KilledError

    with pytest.raises(KilledError):
        write_catalogue(tmp_path / "cut", count=6, seed=3, size=64, on_progress=kill)
    assert not (tmp_path / "cut" / "manifest.jsonl").exists()
    before = stamps(tmp_path / "cut")
    write_catalogue(tmp_path / "cut", count=6, seed=3, size=64)
    write_catalogue(tmp_path / "whole", count=6, seed=3, size=64)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert before.items() <= stamps(tmp_path / "cut").items()


def test_splits_give_other_scenes_and_other_names(tmp_path):
    train, held_out = (
        write_catalogue(tmp_path / split, count=5, seed=3, size=32, split=split).read_text().splitlines()
        for split in ("train", "held-out")
    )
    assert not {json.loads(line)["doc_id"] for line in train} & {json.loads(line)["doc_id"] for line in held_out}
    assert [json.loads(line)["captions"] for line in train] != [json.loads(line)["captions"] for line in held_out]


@pytest.mark.parametrize("other", [{"count": 5}, {"seed": 4}, {"size": 48}, {"split": "held-out"}])
def test_another_catalogue_is_not_overwritten(tmp_path, other):
    arguments = {"count": 3, "seed": 3, "size": 32}
    write_catalogue(tmp_path, **arguments)
    before = contents(tmp_path)
    with pytest.raises(ConflictError, match=next(iter(other))):
        write_catalogue(tmp_path, **(arguments | other))
    assert contents(tmp_path) == before


def test_foreign_files_are_not_touched(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ConflictError, match="another folder"):
        write_catalogue(tmp_path, count=3, seed=3)
    assert contents(tmp_path) == {"letter.txt": b"dear"}


@pytest.mark.parametrize("wrong", [{"count": 0}, {"size": 8}, {"size": 5000}, {"split": "test"}])
def test_arguments_out_of_range_are_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(InputError, match=str(next(iter(wrong.values())))):
        write_catalogue(tmp_path / "demo", **({"count": 3, "seed": 3} | wrong))
    assert not (tmp_path / "demo").exists()


def test_a_file_in_place_of_the_folder_and_a_full_disk(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        write_catalogue(tmp_path / "file", count=3, seed=3)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(StorageError, match="No space left"):
        write_catalogue(tmp_path / "demo", count=3, seed=3)
    assert not (tmp_path / "demo" / "manifest.jsonl").exists()


def test_the_command_writes_what_it_says(tmp_path):
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(
        app, ["demo", "catalogue", str(tmp_path), "--count", "3", "--seed", "9", "--size", "40"]
    )
    assert result.exit_code == 0, result.output
    assert "3 images" in result.output
    assert str(tmp_path / "manifest.jsonl") in result.output.replace("\n", "")
    with Image.open(tmp_path / "images" / "000002.jpg") as image:
        assert image.size == (40, 40)
        drawn = render(sample_scene(9, 2), 40).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        assert image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)) == pytest.approx(drawn, abs=6)
