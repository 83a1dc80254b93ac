import pytest

from retrieval.errors import InputError
from retrieval.training.config import config_of, read_config

MINIMAL = '[model]\narchitecture = "ViT-B-32"\n[optimiser]\nsteps = 10\nbatch_size = 4\n'


def test_a_minimal_file_takes_the_defaults(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text(MINIMAL)
    config = read_config(path)
    assert (config.optimiser.steps, config.data.source, config.run.precision) == (10, "demo", "fp32")


def test_paths_are_meant_from_the_folder_of_the_file(tmp_path):
    (tmp_path / "arch").mkdir()
    path = tmp_path / "train.toml"
    path.write_text(MINIMAL.replace("ViT-B-32", "arch"))
    assert read_config(path).model.architecture == str(tmp_path / "arch")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimiser": {"step": 5}}, r"unknown key 'optimiser\.step' \(did you mean 'steps'\?\)"),
        ({"optimizer": {}}, r"unknown key 'optimizer' \(did you mean 'optimiser'\?\)"),
        ({"run": {"zzz": 1}}, r"unknown key 'run\.zzz'; known here: seed, precision"),
        ({"optimiser": {"batch_size": 1}}, r"optimiser\.batch_size: input should be greater than 1, not 1"),
        ({"run": {"precision": "fp8"}}, r"run\.precision: .*'fp32' or 'bf16', not 'fp8'"),
        ({"data": 3}, r"data: .*not 3"),
    ],
)
def test_a_wrong_key_or_value_is_named(tables, change, message):
    for table, values in change.items():
        tables[table] = {**tables.get(table, {}), **values} if isinstance(values, dict) else values
    with pytest.raises(InputError, match=message):
        config_of(tables)


def test_a_missing_key_is_named(tables):
    del tables["optimiser"]["steps"]
    with pytest.raises(InputError, match=r"optimiser\.steps: missing"):
        config_of(tables)


@pytest.mark.parametrize("text", ["model = [", None])
def test_a_file_that_is_none_is_named(tmp_path, text):
    path = tmp_path / "train.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=r"train\.toml"):
        read_config(path)
