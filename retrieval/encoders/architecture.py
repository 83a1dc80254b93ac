"""An open_clip model configuration to a model without weights, and what the weights do not tell about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from retrieval.encoders import hub
from retrieval.encoders.messages import first_line
from retrieval.errors import ModelError

REQUIRED = ("embed_dim", "vision_cfg", "text_cfg")
NO_INFLUENCE = {
    "timm_model_pretrained", "timm_drop", "timm_drop_path", "patch_dropout", "hf_model_pretrained", "output_tokens",
    "hf_tokenizer_name", "tokenizer_kwargs", "tokenizer_mode",
    "init_logit_scale", "init_logit_bias", "nonscalar_logit_scale", "multimodal_cfg", "custom_text", "output_dict",
}  # fmt: skip
"""Entries that change training, loading or the tokenizer, which has an identity of its own; never the towers."""


def build(config: Mapping[str, Any], *, name: str) -> torch.nn.Module:
    """The model that a configuration describes, in evaluation mode, its weights not to be used before they are loaded.

    Most models are laid out without memory for the weights, which are about to be replaced anyway: that takes
    hundredths of a second, where initialising 150 million of them takes two.

    Raises `ModelError` for what is not an open_clip model configuration.
    """
    if not all(key in config for key in REQUIRED):
        raise ModelError(f"{name} is not an open_clip model configuration: it needs {', '.join(REQUIRED)}")
    if "hf_model_name" in config["text_cfg"]:
        config = _with_local_text_tower(config, name)
    try:
        with torch.device("meta"):
            model = _construct(config)
        if not _restore_buffers(model):
            model = _construct(config)
    except (TypeError, KeyError, ValueError, AssertionError, RuntimeError, OSError) as error:
        raise ModelError(f"open_clip cannot build {name} from its configuration: {first_line(error)}") from error
    return model.eval().requires_grad_(requires_grad=False)


def facts(config: Mapping[str, Any]) -> str:
    """What the names and shapes of the weights do not show of an architecture (activation, heads, pooling), as JSON.

    Entries that have open_clip's default value are left out, so that a new option of a later release changes nothing.
    """
    from open_clip import CLIPTextCfg, CLIPVisionCfg

    defaults = {"vision_cfg": asdict(CLIPVisionCfg()), "text_cfg": asdict(CLIPTextCfg()), "quick_gelu": False}
    return json.dumps(_differences(config, defaults), sort_keys=True)


def _differences(config: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in config.items():
        if key in NO_INFLUENCE:
            continue
        if isinstance(value, Mapping):
            value = _differences(value, defaults.get(key) or {}) or None
        elif isinstance(value, (list, tuple)) and len(set(value)) == 1 and key == "image_size":
            value = value[0]
        if value is not None and value != defaults.get(key):
            found[key] = value
    return found


def _with_local_text_tower(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The same with the text tower's own configuration, which is on the hub, as a local folder."""
    place = str(config["text_cfg"]["hf_model_name"])
    if not Path(place).is_dir():
        wanted, remedy = f"the text tower's configuration of {name}", "Copy its repository into the Hugging Face cache"
        place = str(hub.fetch_folder(place, ["config.json"], wanted=wanted, remedy=remedy))
    return {**config, "text_cfg": {**config["text_cfg"], "hf_model_name": place}}


def _construct(config: Mapping[str, Any]) -> torch.nn.Module:
    """As open_clip's factory does, without its look-ups and downloads."""
    from open_clip import CLIP, CoCa, CustomTextCLIP

    arguments = deepcopy(dict(config))
    custom = arguments.pop("custom_text", False) or "hf_model_name" in arguments["text_cfg"]
    if "timm_model_name" in arguments["vision_cfg"]:
        arguments["vision_cfg"]["timm_model_pretrained"] = False
    if "hf_model_name" in arguments["text_cfg"]:
        arguments["text_cfg"]["hf_model_pretrained"] = False
    kind = CoCa if custom and "multimodal_cfg" in arguments else CustomTextCLIP if custom else CLIP
    model: torch.nn.Module = kind(**arguments)
    return model


def _restore_buffers(model: torch.nn.Module) -> bool:
    """Give memory to the buffers that no checkpoint fills; False where one is not known."""
    saved = set(model.state_dict())
    for prefix, module in model.named_modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if f"{prefix}.{name}".lstrip(".") in saved or not buffer.is_meta:
                continue
            if name != "attn_mask" or not type(module).__module__.startswith("open_clip."):
                return False
            causal = torch.full(buffer.shape, float("-inf")).triu_(1)
            module.register_buffer(name, causal, persistent=False)
    return True
