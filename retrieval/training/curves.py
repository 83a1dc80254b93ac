"""The curves of a run as a picture: loss, learning rate and recall over the steps."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from retrieval.training.files import write_atomically

CURVES_FILE = "curves.png"
PANELS = (
    ("loss", {"loss": "loss"}),
    ("learning rate", {"learning_rate": "learning rate"}),
    (
        "recall on held-out pictures",
        {
            "text_to_image_whole_r1": "text to image @1, whole captions",
            "text_to_image_r10": "text to image @10, all captions",
            "image_to_text_r1": "image to text @1",
        },
    ),
)


def write_curves(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Draw the rows of a run's history, each with a "step" and any of the measures, to `curves.png`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 3.6), layout="constrained")
    for axes, (title, names) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for name, label in names.items():
            points = [(row["step"], row[name]) for row in history if name in row]
            if points:
                axes.plot(*zip(*points, strict=True), label=label)
        axes.set(title=title, xlabel="step")
        axes.grid(alpha=0.3)
        if len(names) > 1 and axes.lines:
            axes.legend(fontsize="small")
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)  # type: ignore[no-untyped-call]
    write_atomically(folder / CURVES_FILE, buffer.getvalue())
