import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from retrieval.errors import InputError
from retrieval.training.cli import register

TOML = """
[model]
architecture = "tiny"
[data]
workers = 0
[optimiser]
steps = 4
batch_size = 4
[validation]
images = 20
whole = 2
"""


@pytest.fixture
def app():
    app = typer.Typer()
    register(app)
    return app


@pytest.fixture
def recipe(tables, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(TOML)
    return path


def test_train_and_report(app, recipe, tmp_path):
    out = tmp_path / "out"
    ran = CliRunner().invoke(app, ["train", str(recipe), "--out", str(out)], catch_exceptions=False)
    assert ran.exit_code == 0
    assert "4 steps in" in ran.output
    assert "text_to_image_whole_r1" in ran.output
    assert {path.name for path in out.iterdir()} == {
        "checkpoint.pt",
        "curves.png",
        "model.safetensors",
        "open_clip_config.json",
        "vocabulary.txt",
    }

    sheet = tmp_path / "sheet.png"
    arguments = ["train-report", str(out), "--images", "20", "--sheet", str(sheet)]
    told = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert told.exit_code == 0
    assert "text to image, whole captions @1" in told.output
    assert sheet.stat().st_size > 10_000


def test_a_catalogue_is_opened_by_what_was_handed_in(recipe, tmp_path):
    asked = []

    def open_source(path):
        asked.append(path)
        raise InputError("not today")

    app = typer.Typer()
    register(app, open_source=open_source)
    recipe.write_text(TOML.replace("[data]", "[data]\nsource = 'photos'"))
    ran = CliRunner().invoke(app, ["train", str(recipe), "--out", str(tmp_path / "out")])
    assert isinstance(ran.exception, InputError)
    assert asked == ["photos"]


def test_registering_imports_nothing_heavy():
    code = "import sys, retrieval.training.cli; print({'torch', 'open_clip', 'PIL', 'matplotlib'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
