"""What a user may write for `--model`, resolved to a configuration, a weights file and a tokenizer.

    PRESET                      a name from `presets.PRESETS`
    ARCH/PRETRAINED             an open_clip architecture and the tag of its weights
    hf-hub:OWNER/NAME           a repository of the Hugging Face hub that holds an open_clip model
    ARCH                        an architecture, its weights in a local checkpoint
    PATH/config.json            a model configuration of one's own, likewise
    PATH                        a folder with open_clip_config.json, weights and, if it has its own, a tokenizer

With a checkpoint, the weights come from that file and the rest from the name; nothing is downloaded but a tokenizer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from retrieval.encoders import hub
from retrieval.encoders.messages import first_line
from retrieval.encoders.presets import PRESETS
from retrieval.errors import DependencyError, ModelError

HUB = "hf-hub:"
CONFIG_NAMES = ("open_clip_config.json", "config.json")
WEIGHT_NAMES = (
    "open_clip_model.safetensors", "model.safetensors", "open_clip_pytorch_model.bin", "pytorch_model.bin", "model.pt"
)  # fmt: skip
HUB_WEIGHT_NAMES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
HOW_TO_LIST = "`retrieval models [WORD]` lists presets and ARCH/PRETRAINED names"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model comes from: names for people, open_clip's configurations, and local files.

    `folder` is where a tokenizer of its own may lie beside the weights.
    """

    model: str
    pretrained: str
    config: Mapping[str, Any]
    preprocess: Mapping[str, Any]
    weights: Path
    folder: Path | None = None


def resolve(model: str, checkpoint: Path | None = None) -> ModelSource:
    """Find everything that is needed to build `model`, downloading weights where they are not given.

    Raises:
        ModelError: an unknown name, with what it may have been meant to be, or weights out of reach.
        DependencyError: the model needs a package that is not installed.
    """
    name = PRESETS[model].model if model in PRESETS else model
    if name.startswith(HUB):
        return _from_hub(name.removeprefix(HUB), checkpoint)
    path = Path(name).expanduser()
    if name.endswith(".json") or path.is_dir():
        return _from_path(path, checkpoint)
    arch, _, tag = name.rpartition("/")
    if arch and arch.replace("/", "-") in _architectures():
        return _from_tag(arch.replace("/", "-"), tag, checkpoint)
    if name.replace("/", "-") in _architectures():
        return _from_architecture(name.replace("/", "-"), checkpoint)
    raise ModelError(f"unknown model {model!r}{_suggestion(model)}; {HOW_TO_LIST}")


def _from_tag(arch: str, tag: str, checkpoint: Path | None) -> ModelSource:
    from open_clip import get_model_config, get_pretrained_cfg

    facts = get_pretrained_cfg(arch, tag)
    if not facts:
        tags = _tags(arch)
        known = f"there are {', '.join(tags)}" if tags else "open_clip has none for it: give a --checkpoint"
        raise ModelError(f"no weights {tag!r} for {arch}: {known}")
    config = get_model_config(arch)
    if facts.get("quick_gelu"):  # a property of the weights that the architecture's name need not carry
        config["quick_gelu"] = True
    _require_packages(config, arch)
    weights = checkpoint or _download(arch, tag, facts.get("hf_hub", ""))
    return ModelSource(arch, checkpoint.name if checkpoint else tag, config, facts, weights)


def _from_architecture(arch: str, checkpoint: Path | None) -> ModelSource:
    from open_clip import get_model_config, get_pretrained_cfg

    tags = _tags(arch)
    if checkpoint is None:
        ready = f"name pretrained ones ({', '.join(f'{arch}/{tag}' for tag in tags[:4])})" if tags else "they are yours"
        raise ModelError(f"{arch} is an architecture without weights: {ready}, or give a file with --checkpoint FILE")
    facts = [get_pretrained_cfg(arch, tag) for tag in tags]
    config = get_model_config(arch)
    _require_packages(config, arch)
    keys = ("mean", "std", "interpolation", "resize_mode")
    agreed = {key: facts[0][key] for key in keys if facts and all(f.get(key) == facts[0].get(key) for f in facts)}
    return ModelSource(arch, checkpoint.name, config, agreed, checkpoint)


def _from_hub(repo: str, checkpoint: Path | None) -> ModelSource:
    name, remedy = f"{HUB}{repo}", _remedy("PATH/open_clip_config.json")
    config = hub.fetch(repo, CONFIG_NAMES[:1], wanted=f"the configuration of {name}", remedy=remedy)
    model, preprocess = _read_config(config)
    weights = checkpoint or hub.fetch(repo, HUB_WEIGHT_NAMES, wanted=f"the weights of {name}", remedy=remedy)
    return ModelSource(name, checkpoint.name if checkpoint else "", model, preprocess, weights)


def _from_path(path: Path, checkpoint: Path | None) -> ModelSource:
    folder = path if path.is_dir() else path.parent
    config = _first_of(folder, CONFIG_NAMES) if path.is_dir() else path
    if config is None or not config.is_file():
        raise ModelError(f"there is no model configuration {config or path / CONFIG_NAMES[0]}")
    weights = checkpoint or _first_of(folder, WEIGHT_NAMES)
    if weights is None:
        raise ModelError(f"there are no weights in {folder} ({', '.join(WEIGHT_NAMES)}): give --checkpoint FILE")
    model, preprocess = _read_config(config)
    return ModelSource(path.stem if path is config else path.name, weights.name, model, preprocess, weights, folder)


def _read_config(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The model's and the preprocessing part of a configuration file; the latter may be left out."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not a model configuration: {first_line(error)}") from error
    model = content.get("model_cfg", content) if isinstance(content, dict) else None
    if not isinstance(model, dict) or not all(isinstance(model.get(key), dict) for key in ("vision_cfg", "text_cfg")):
        raise ModelError(f"{path} is not an open_clip model configuration: it needs embed_dim, vision_cfg, text_cfg")
    _require_packages(model, str(path))
    return model, content.get("preprocess_cfg") or {}


def _require_packages(config: Mapping[str, Any], name: str) -> None:
    """`DependencyError` before a download of gigabytes, rather than after it."""
    text = config["text_cfg"]
    if (text.get("hf_model_name") or text.get("hf_tokenizer_name")) and find_spec("transformers") is None:
        raise DependencyError(f"the text part of {name} comes from the transformers package: pip install transformers")


def _download(arch: str, tag: str, location: str) -> Path:
    """Weights of a tag; open_clip writes their place as OWNER/NAME/ or OWNER/NAME/FILE."""
    remedy = _remedy(f"{arch}/{tag}")
    if not location:
        raise ModelError(f"cannot get the weights of {arch}/{tag}: they are not on the Hugging Face hub. {remedy}")
    owner, name, file = location.split("/", 2)
    names = (f"{file.rpartition('.')[0]}.safetensors", file) if file else HUB_WEIGHT_NAMES
    return hub.fetch(f"{owner}/{name}", names, wanted=f"the weights of {arch}/{tag}", remedy=remedy)


def _remedy(model: str) -> str:
    return (
        f"Use a local file with --model {model} --checkpoint FILE, copy the repository into the Hugging Face cache, "
        "or use --model bundled, which needs no download"
    )


def _first_of(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _architectures() -> list[str]:
    from open_clip import list_models

    return list(list_models())


def _tags(arch: str) -> list[str]:
    from open_clip import list_pretrained_tags_by_model

    return list(list_pretrained_tags_by_model(arch))


def _suggestion(model: str) -> str:
    by_lower = {name.lower(): name for name in (*PRESETS, "bundled", *_architectures())}
    close = get_close_matches(model.lower().partition("/")[0], by_lower, n=3, cutoff=0.6)
    return f": did you mean {' or '.join(by_lower[name] for name in close)}?" if close else ""
