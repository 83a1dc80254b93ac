"""What `retrieval models [WORD]` prints: presets, and the ARCH/PRETRAINED names that contain a word."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.encoders.presets import PRESETS


def lines(word: str) -> Iterator[str]:
    """The listing, line by line; all presets, and with a word the open_clip names that contain it in any case."""
    yield "Presets, the recommended one first:"
    for preset in PRESETS.values():
        yield f"  {preset.name} = {preset.model}"
        yield f"      {preset.quality}"
        yield f"      {preset.cost}"
        yield f"      Licence: {preset.licence}"
    yield "  bundled: small, comes with this package, knows the drawn demo world and no photographs"
    if not word:
        yield "With a WORD, such as vit-b or siglip, this also lists every ARCH/PRETRAINED that contains it."
        return
    from open_clip import list_pretrained

    found = [f"{arch}/{tag}" for arch, tag in list_pretrained() if word.lower() in f"{arch}/{tag}".lower()]
    yield f"ARCH/PRETRAINED with {word!r}:" if found else f"There is no ARCH/PRETRAINED with {word!r}."
    yield from (f"  {name}" for name in found)
