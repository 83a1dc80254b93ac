"""The enclosed places: city, forest and studio, by day, at sunset and at night."""

from __future__ import annotations

from retrieval.demo.canvas import Canvas
from retrieval.demo.open_places import paint_fir
from retrieval.demo.palette import Rgb, mix
from retrieval.demo.skies import paint_sky
from retrieval.demo.world import between, pick

LAMPLIGHT: Rgb = (255, 222, 140)
DARK_GLASS: Rgb = (150, 168, 194)


def paint_city(canvas: Canvas) -> None:
    """Two rows of blocks behind a pavement and a street."""
    on, ground = canvas.light.on, between(canvas.rng, 0.52, 0.58)
    paint_sky(canvas, ground, clouds=2)
    _blocks(canvas, ground, tallest=0.42, colour=on((192, 206, 226)), windows=False)
    _blocks(canvas, ground, tallest=0.28, colour=on((168, 180, 204)), windows=True)
    canvas.gradient(ground, ground + 0.1, on((214, 212, 212)), on((200, 198, 200)))
    canvas.box(0, ground + 0.1, 1, ground + 0.115, on((170, 168, 176)))
    canvas.gradient(ground + 0.115, 1, on((150, 152, 164)), on((134, 136, 150)))
    start = between(canvas.rng, -0.2, 0.0)
    for number in range(7):
        x, y = start + number * 0.2, ground + 0.26
        canvas.polygon([(x, y), (x + 0.1, y), (x + 0.095, y + 0.018), (x - 0.01, y + 0.018)], on((226, 226, 228)))


def paint_forest(canvas: Canvas) -> None:
    """Rows of firs and trunks that fade into haze."""
    rng, on, ground = canvas.rng, canvas.light.on, between(canvas.rng, 0.5, 0.56)
    paint_sky(canvas, ground, clouds=0)
    haze = mix(canvas.light.sky[-1], on((190, 214, 196)), 0.5)
    for depth, tall in enumerate((0.34, 0.4, 0.46)):
        colour = mix(haze, on((112, 150, 124)), 0.3 + 0.3 * depth)
        for number in range(11 - 2 * depth):
            x = (number + between(rng, 0.1, 0.9)) / (11 - 2 * depth)
            paint_fir(canvas, x, ground + 0.02 * depth, tall * between(rng, 0.75, 1.1), colour)
        canvas.ridge(canvas.waves(ground + 0.02 * depth - 0.01, 0.01), colour)
    canvas.ridge(canvas.waves(ground + 0.05, 0.012), on((150, 176, 124)))
    canvas.gradient(ground + 0.07, 1, on((150, 176, 124)), on((120, 148, 96)))
    for _ in range(70):
        x, y = rng.random(), between(rng, ground + 0.1, 1.0)
        canvas.line([(x, y), (x + 0.01, y - 0.006)], 0.003, on(pick(rng, ((136, 130, 88), (104, 134, 84)))))
    for x in (between(rng, 0.1, 0.4), between(rng, 0.5, 0.9)):
        canvas.beam(
            [(x, 0), (x + 0.09, 0), (x - 0.12, 0.8), (x - 0.3, 0.8)], canvas.light.sky[-1], opacity=0.22, blur=0.02
        )


def paint_studio(canvas: Canvas) -> None:
    """A plain wall and floor, lit by a window or by a lamp."""
    light, floor = canvas.light, between(canvas.rng, 0.6, 0.68)
    wall, boards = light.on((232, 226, 218)), light.on((206, 196, 186))
    canvas.gradient(0, floor, mix(wall, (255, 255, 255), 0.12), wall)
    canvas.gradient(floor, 1, boards, light.on((222, 212, 202)))
    canvas.soft([(0.5, floor, 0.7, 0.02)], light.on((168, 156, 148)), opacity=0.4, blur=0.02)
    canvas.box(0, floor - 0.022, 1, floor, light.on((244, 240, 234)))
    if light.time == "night":
        canvas.glow(between(canvas.rng, 0.2, 0.8), 0.0, 0.8, LAMPLIGHT, opacity=0.45)
        return
    x, shine = between(canvas.rng, 0.05, 0.45), mix(light.sky[-1], (255, 250, 230), 0.5)
    for pane in range(2):
        left = x + pane * 0.2
        for top in (0.1, 0.31):
            corners = [(left, top), (left + 0.17, top + 0.03), (left + 0.17, top + 0.21), (left, top + 0.18)]
            canvas.beam(corners, shine, opacity=0.6, blur=0.006)


def _blocks(canvas: Canvas, ground: float, *, tallest: float, colour: Rgb, windows: bool) -> None:
    x = between(canvas.rng, -0.08, 0.0)
    while x < 1:
        wide, top = between(canvas.rng, 0.09, 0.17), ground - tallest * between(canvas.rng, 0.45, 1.0)
        canvas.box(x, top, x + wide, ground, mix(colour, (255, 255, 255), 0.1 * canvas.rng.random()))
        if windows:
            _windows(canvas, x, top, x + wide, ground)
        x += wide + between(canvas.rng, 0.0, 0.02)


def _windows(canvas: Canvas, left: float, top: float, right: float, ground: float) -> None:
    """Rows of windows, most of them lit after sunset."""
    lit_share = {"day": 0.0, "sunset": 0.4, "night": 0.6}[canvas.light.time]
    y = top + 0.022
    while y < ground - 0.04:
        x = left + 0.018
        while x < right - 0.025:
            lit = canvas.rng.random() < lit_share
            canvas.box(x, y, x + 0.014, y + 0.02, LAMPLIGHT if lit else canvas.light.on(DARK_GLASS))
            x += 0.03
        y += 0.04
