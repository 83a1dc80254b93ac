"""The encoder over a dual tower of open_clip: two towers, a tokenizer, and how pictures are prepared."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import torch

from retrieval.encoders.identity import weights_sha256
from retrieval.encoders.inputs import check_pixels, check_texts, clean
from retrieval.encoders.prepare import prepare
from retrieval.encoders.preprocess import Preprocess
from retrieval.encoders.text import end_positions
from retrieval.encoders.tokens import Tokenizer, identity
from retrieval.types import DecodedImage, EncoderSpec, FloatArray, PixelArray

MAX_BATCH = {"cpu": 64, "mps": 64, "cuda": 512}
"""How many images or texts go through a model at once; more are embedded in several goes."""
CHARACTERS_A_TOKEN = 16
"""A text is cut to this many characters for each token of the context before it is tokenized: tokenizing a megabyte
takes minutes, and no text that a person wrote has longer tokens on average."""


class OpenClipEncoder:
    """Images and texts into one space with an open_clip model. Safe to call from several threads.

    What is faster without changing the embeddings is found out when it is made (see `prepare`).
    """

    def __init__(
        self,
        model: torch.nn.Module,
        tokenizer: Tokenizer,
        preprocess: Preprocess,
        *,
        name: str,
        pretrained: str = "",
        architecture: str = "",
        precision: str = "auto",
        device: torch.device | None = None,
    ) -> None:
        """Take over a model whose weights are in fp32 on the CPU.

        `architecture` is what the weights do not show of it (`architecture.facts`); `name` and `pretrained` are for
        people. Raises `ModelError` for weights that give no usable embeddings and a precision that is not to be had.
        """
        device = device or torch.device("cpu")
        model = model.eval().requires_grad_(requires_grad=False)
        towers, precision, dim = prepare(model, tokenizer, preprocess, name=name, precision=precision, device=device)
        self._towers = towers
        self._preprocess = preprocess
        self._tokenizer = tokenizer
        self._longest_text = tokenizer([""]).shape[1] * CHARACTERS_A_TOKEN
        self._tokenizer_lock = threading.Lock()  # those of Hugging Face change while they are used
        self._batch = MAX_BATCH.get(device.type, MAX_BATCH["cpu"])
        self._spec = EncoderSpec(
            model=name,
            pretrained=pretrained,
            weights_sha256=weights_sha256(model, architecture),
            preprocess_sha256=preprocess.sha256,
            tokenizer=identity(tokenizer),
            precision=precision,
            dim=dim,
        )

    @property
    def spec(self) -> EncoderSpec:
        """Identity; stored with every collection."""
        return self._spec

    @property
    def image_size(self) -> int:
        """Side of the square, in pixels, that `preprocess` returns."""
        return self._preprocess.size

    def preprocess(self, image: DecodedImage) -> PixelArray:
        """Resize and crop one picture to uint8 (image_size, image_size, 3)."""
        return self._preprocess(image)

    def encode_images(self, pixels: PixelArray) -> FloatArray:
        """Embed preprocessed pictures, uint8 (n, s, s, 3) with s = image_size -> float32 (n, dim), rows of length 1.

        Raises `InputError` for another shape or type.
        """
        check_pixels(pixels, self.image_size)
        embedded = np.empty((len(pixels), self._spec.dim), np.float32)
        for start in range(0, len(pixels), self._batch):
            embedded[start : start + self._batch] = self._towers.images(pixels[start : start + self._batch])
        return embedded

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Embed n texts -> float32 (n, dim), rows of length 1. A text too long for the model is cut to its context.

        Raises `InputError` for a single string, which is easily given by mistake.
        """
        check_texts(texts)
        embedded = np.empty((len(texts), self._spec.dim), np.float32)
        if not len(texts):
            return embedded
        tokens = self._tokenize(texts)
        towers = self._towers
        # Texts of similar length go together, so that a long one lengthens the computation of few others.
        order = end_positions(tokens, towers.cut.end_id).argsort().numpy() if towers.cut else np.arange(len(texts))
        for start in range(0, len(texts), self._batch):
            rows = order[start : start + self._batch]
            embedded[rows] = towers.texts(tokens[rows])
        return embedded

    def _tokenize(self, texts: Sequence[str]) -> torch.Tensor:
        with self._tokenizer_lock:
            return self._tokenizer([clean(text, self._longest_text) for text in texts])
