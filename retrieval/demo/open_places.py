"""The open places: meadow, beach, desert, snow, sea, mountains and sky; pale, to leave the stage to the things."""

from __future__ import annotations

from retrieval.demo.canvas import Canvas
from retrieval.demo.palette import Rgb, mix
from retrieval.demo.skies import paint_cloud, paint_sky
from retrieval.demo.world import between

WHITE: Rgb = (255, 255, 255)


def paint_meadow(canvas: Canvas) -> None:
    """Green hills and grass with tufts and tiny daisies."""
    rng, on, horizon = canvas.rng, canvas.light.on, between(canvas.rng, 0.42, 0.5)
    paint_sky(canvas, horizon)
    canvas.ridge(canvas.waves(horizon - 0.03, 0.05), on((168, 204, 170)))
    canvas.ridge(canvas.waves(horizon + 0.02, 0.03), on((166, 206, 130)))
    canvas.ridge(canvas.waves(horizon + 0.09, 0.02), on((178, 214, 118)))
    canvas.gradient(horizon + 0.12, 1, on((178, 214, 118)), on((144, 194, 92)))
    for _ in range(60):
        x, y = rng.random(), between(rng, horizon + 0.13, 0.99)
        tall = 0.008 + 0.02 * (y - horizon)
        for lean in (-0.5, 0.0, 0.5):
            canvas.line([(x, y), (x + lean * tall, y - tall)], 0.003, on((122, 174, 76)))
    for _ in range(26):
        canvas.dot(rng.random(), between(rng, horizon + 0.16, 0.99), 0.0045, on((250, 250, 240)))


def paint_beach(canvas: Canvas) -> None:
    """Sand, with the sea behind and a line of foam between."""
    rng, on, horizon = canvas.rng, canvas.light.on, between(canvas.rng, 0.36, 0.42)
    paint_sky(canvas, horizon)
    canvas.gradient(horizon, 1, on((96, 176, 206)), on((150, 214, 218)), on((190, 230, 224)))
    shore = canvas.waves(horizon + 0.15, 0.018)
    canvas.ridge([y - 0.012 for y in shore], on((246, 250, 248)))
    canvas.ridge([y + 0.004 for y in shore], on((214, 188, 138)))
    canvas.ridge([y + 0.03 for y in shore], on((240, 220, 170)))
    canvas.gradient(horizon + 0.22, 1, on((240, 220, 170)), on((232, 204, 148)))
    for _ in range(130):
        canvas.dot(rng.random(), between(rng, horizon + 0.23, 1.0), 0.0028, on((214, 184, 128)))
    for _ in range(9):
        x, y = rng.random(), between(rng, horizon + 0.02, horizon + 0.1)
        canvas.line([(x, y), (x + 0.05, y)], 0.003, on((186, 226, 232)))


def paint_desert(canvas: Canvas) -> None:
    """Dunes, with table mountains far away."""
    rng, on, horizon = canvas.rng, canvas.light.on, between(canvas.rng, 0.44, 0.52)
    paint_sky(canvas, horizon, clouds=1)
    for _ in range(3):
        x, wide, tall = rng.random(), between(rng, 0.05, 0.11), between(rng, 0.05, 0.1)
        top, foot = horizon - tall, horizon + 0.06
        canvas.polygon(
            [(x - wide, foot), (x - wide * 0.7, top), (x + wide * 0.6, top), (x + wide, foot)], on((214, 168, 140))
        )
    for depth, far in enumerate(((236, 198, 146), (230, 184, 124), (224, 172, 108), (216, 160, 96))):
        crest = canvas.waves(horizon + 0.03 + depth * depth * 0.05 + depth * 0.03, 0.028 + depth * 0.012, speed=0.7)
        canvas.ridge(crest, on(far))
        for step in (1, 2):
            canvas.ridge([y + 0.014 * step for y in crest], on(mix(far, (244, 206, 150), 0.2 * step)))


def paint_snow(canvas: Canvas) -> None:
    """White hills with firs far away, and flakes in the air."""
    rng, on, horizon = canvas.rng, canvas.light.on, between(canvas.rng, 0.42, 0.5)
    paint_sky(canvas, horizon, clouds=2)
    canvas.ridge(canvas.waves(horizon - 0.04, 0.05), on((198, 214, 236)))
    for _ in range(16):
        x, tall = rng.random(), between(rng, 0.05, 0.085)
        paint_fir(canvas, x, horizon + 0.03 + 0.02 * rng.random(), tall, on((142, 172, 190)))
    canvas.ridge(canvas.waves(horizon + 0.04, 0.018), on((226, 234, 246)))
    canvas.gradient(horizon + 0.08, 1, on((228, 236, 248)), on((208, 220, 240)))
    for _ in range(5):
        x, y = rng.random(), between(rng, horizon + 0.15, 0.95)
        canvas.soft([(x, y, 0.2, 0.018)], on((196, 210, 234)), opacity=0.5, blur=0.008)
    for _ in range(60):
        canvas.dot(rng.random(), rng.random() * 0.9, between(rng, 0.002, 0.005), mix(on(WHITE), WHITE, 0.5))


def paint_sea(canvas: Canvas) -> None:
    """Open water with small waves."""
    rng, on, horizon = canvas.rng, canvas.light.on, between(canvas.rng, 0.38, 0.46)
    paint_sky(canvas, horizon)
    canvas.gradient(horizon, 1, on((142, 200, 216)), on((84, 164, 196)), on((62, 140, 182)))
    canvas.glow(0.5, horizon, 0.5, canvas.light.sky[-1], opacity=0.25)
    y = horizon + 0.02
    while y < 1:
        near = (y - horizon) / (1 - horizon)
        for _ in range(7):
            x, wide = rng.random(), 0.015 + 0.05 * near
            crest = [(x + wide * t, y + 0.012 * near * (2 * t * t - 1)) for t in (-1, -0.5, 0, 0.5, 1)]
            canvas.line(crest, 0.002 + 0.004 * near, on(mix((178, 220, 232), (120, 190, 214), rng.random())))
        y += 0.018 + 0.05 * near


def paint_mountains(canvas: Canvas) -> None:
    """Snow-capped peaks behind lower ridges and a valley."""
    on, horizon = canvas.light.on, between(canvas.rng, 0.5, 0.56)
    paint_sky(canvas, horizon, clouds=2)
    for depth in range(2):
        for number in range(4 - depth):
            x = (number + between(canvas.rng, 0.1, 0.9)) / (4 - depth)
            _peak(canvas, x, horizon + 0.04, between(canvas.rng, 0.24, 0.34) - 0.06 * depth, depth)
    canvas.ridge(canvas.waves(horizon + 0.01, 0.025), on((138, 164, 168)))
    canvas.ridge(canvas.waves(horizon + 0.07, 0.025), on((150, 180, 158)))
    canvas.ridge(canvas.waves(horizon + 0.15, 0.02), on((170, 194, 154)))
    canvas.gradient(horizon + 0.19, 1, on((170, 194, 154)), on((152, 180, 132)))


def paint_heights(canvas: Canvas) -> None:
    """Up in the air: nothing but sky, above a sea of clouds."""
    paint_sky(canvas, 1.0, clouds=4)
    for row in range(3):
        for number in range(6):
            x = (number + between(canvas.rng, 0.0, 1.0)) / 6
            paint_cloud(canvas, x, 0.9 + row * 0.06, between(canvas.rng, 0.14, 0.2))


def paint_fir(canvas: Canvas, x: float, foot: float, tall: float, colour: Rgb) -> None:
    """A far fir tree: three tiers on one another."""
    for tier in range(3):
        base, wide = foot - tall * 0.28 * tier, tall * (0.34 - 0.08 * tier)
        canvas.polygon([(x - wide, base), (x + wide, base), (x, base - tall * 0.46)], colour)


def _peak(canvas: Canvas, x: float, foot: float, tall: float, depth: int) -> None:
    """A mountain with a lit and a shaded flank and snow on top."""
    on, wide, top = canvas.light.on, tall * between(canvas.rng, 0.75, 0.95), foot - tall
    rock = mix((168, 180, 206), (142, 158, 186), depth)
    canvas.polygon([(x, top), (x + wide, foot), (x - wide, foot)], on(rock))
    canvas.polygon([(x, top), (x + wide, foot), (x + wide * 0.12, foot)], on(mix(rock, (96, 108, 146), 0.3)))
    low, jag = 0.34, 0.05
    left, right = x - wide * low, x + wide * low
    snow = [
        (x, top),
        (right, top + tall * low),
        (x + wide * 0.14, top + tall * (low - jag)),
        (x, top + tall * (low + jag)),
    ]
    canvas.polygon([*snow, (x - wide * 0.15, top + tall * (low - jag)), (left, top + tall * low)], on((244, 247, 252)))
    canvas.polygon(
        [(x, top), (right, top + tall * low), (x + wide * 0.14, top + tall * (low - jag)), (x, top + tall * low)],
        on((214, 224, 240)),
    )
