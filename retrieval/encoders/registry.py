"""From the words of `--model` to an encoder. torch is imported only when a model needs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.encoders.presets import DEFAULT_PRESET, PRESETS, Preset
from retrieval.errors import ModelError
from retrieval.protocols import Encoder
from retrieval.types import ModelReference

if TYPE_CHECKING:
    from retrieval.encoders.openclip import OpenClipEncoder

__all__ = ["BUNDLED", "DEFAULT_PRESET", "FAKE", "PRESETS", "Preset", "load_encoder", "load_model"]

BUNDLED = "bundled"
FAKE = "fake"


def load_encoder(
    model: str, *, checkpoint: Path | None = None, precision: str = "auto", device: str | None = None
) -> Encoder:
    """Load an encoder.

    Args:
        model: a preset, `ARCH/PRETRAINED`, `hf-hub:OWNER/NAME`, `ARCH` or a configuration file with a `checkpoint`,
            a model folder, `bundled` (small, needs no download) or `fake` (a test double that knows colours only).
        checkpoint: a local `.safetensors`, `.pt`, `.pth` or `.bin` file that the weights come from.
        precision: "fp32", "bf16", "fp16" (CUDA), or "auto": bf16 where it is faster and exact enough, else fp32. The
            `precision` of a stored `EncoderSpec` gives that encoder again on other hardware.
        device: a torch device; by default the best that there is.

    Raises:
        ModelError: an unknown name (the message suggests one), weights that are out of reach or do not fit, a device
            or precision that is not to be had.
        DependencyError: the model needs a package that is not installed.
    """
    if model in (BUNDLED, FAKE) and checkpoint is not None:
        raise ModelError(f"the {model} model brings its own weights and takes no checkpoint: leave out one of the two")
    if model == FAKE:
        from retrieval.encoders.fake import FakeEncoder

        return FakeEncoder()
    if model == BUNDLED:
        return _load_bundled(precision, device)
    return _load_open_clip(model, checkpoint, precision, device)


def load_model(model: ModelReference, *, precision: str = "auto", device: str | None = None) -> Encoder:
    """Load the encoder that a reference names. The rest, and what it raises, as `load_encoder`."""
    checkpoint = Path(model.checkpoint) if model.checkpoint else None
    return load_encoder(model.model, checkpoint=checkpoint, precision=precision, device=device)


def _load_open_clip(model: str, checkpoint: Path | None, precision: str, device: str | None) -> OpenClipEncoder:
    from retrieval.encoders import architecture, sources, tokens
    from retrieval.encoders.checkpoint import check_file, load_state, read_state
    from retrieval.encoders.devices import choose_device
    from retrieval.encoders.openclip import OpenClipEncoder
    from retrieval.encoders.preprocess import Preprocess

    chosen = choose_device(device)
    if checkpoint is not None:
        check_file(checkpoint)  # before anything slower can fail
    source = sources.resolve(model, checkpoint)
    vision, text = source.config["vision_cfg"], source.config["text_cfg"]
    preprocess = Preprocess.from_open_clip(
        {**source.preprocess, "size": vision.get("image_size", 224)}, model=source.model
    )
    tokenizer = tokens.build_tokenizer(text, source.folder, model=source.model)
    network = architecture.build(source.config, name=source.model)
    load_state(network, read_state(source.weights), path=source.weights, name=source.model)
    return OpenClipEncoder(
        network,
        tokenizer,
        preprocess,
        name=source.model,
        pretrained=source.pretrained,
        architecture=architecture.facts(source.config),
        precision=precision,
        device=chosen,
    )


def _load_bundled(precision: str, device: str | None) -> OpenClipEncoder:
    from retrieval.encoders.bundled import load
    from retrieval.encoders.devices import choose_device
    from retrieval.encoders.openclip import OpenClipEncoder
    from retrieval.encoders.preprocess import Preprocess

    chosen = choose_device(device)
    network, tokenizer, config = load()
    preprocess = Preprocess.from_open_clip(config, model=BUNDLED)
    return OpenClipEncoder(network, tokenizer, preprocess, name=BUNDLED, precision=precision, device=chosen)
