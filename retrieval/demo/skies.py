"""Skies: their gradient, and the sun and clouds, the low sun, or the moon and stars that tell the time of day."""

from __future__ import annotations

from retrieval.demo.canvas import Canvas
from retrieval.demo.palette import Rgb, mix
from retrieval.demo.world import between

WHITE: Rgb = (255, 255, 255)
SUN: Rgb = (255, 244, 196)
LOW_SUN: Rgb = (255, 226, 150)
MOON: Rgb = (246, 240, 214)


def paint_sky(canvas: Canvas, horizon: float, *, clouds: int = 3) -> None:
    """The sky above `horizon`, and its lowest colour below, as a ground to paint on."""
    light = canvas.light
    canvas.gradient(0, horizon, *light.sky)
    canvas.gradient(horizon, 1, light.sky[-1], light.sky[-1])
    if light.time == "day":
        _day(canvas)
    elif light.time == "sunset":
        _sunset(canvas, horizon)
    else:
        _night(canvas, horizon)
    for _ in range(clouds):
        x, y = between(canvas.rng, 0.05, 0.95), between(canvas.rng, 0.08, max(0.12, horizon - 0.16))
        paint_cloud(canvas, x, y, between(canvas.rng, 0.09, 0.16))


def paint_cloud(canvas: Canvas, x: float, y: float, width: float) -> None:
    """A cloud with a flat base, `width` to either side of x, its base at y."""
    puffs = []
    for step in (-0.62, -0.2, 0.25, 0.66):
        swell = (1 - abs(step)) * between(canvas.rng, 0.3, 0.5) + 0.14
        puffs.append((x + step * width, y - swell * width * 0.55, width * (0.26 + swell * 0.5), swell * width * 0.75))
    base = (x, y - width * 0.1, width * 1.05, width * 0.16)
    opacity = {"day": 0.82, "sunset": 0.5, "night": 0.3}[canvas.light.time]
    canvas.soft([*puffs, base], canvas.light.cloud, opacity=opacity, blur=0.008)


def _day(canvas: Canvas) -> None:
    x, y = between(canvas.rng, 0.12, 0.88), between(canvas.rng, 0.1, 0.18)
    canvas.glow(x, y, 0.34, SUN, opacity=0.75)
    canvas.soft([(x, y, 0.05, 0.05)], (255, 250, 226), opacity=1.0, blur=0.003)


def _sunset(canvas: Canvas, horizon: float) -> None:
    x = between(canvas.rng, 0.15, 0.85)
    canvas.glow(x, horizon, 0.6, LOW_SUN, opacity=0.8)
    canvas.soft([(x, horizon - 0.05, 0.085, 0.085)], (255, 238, 184), opacity=1.0, blur=0.003)


def _night(canvas: Canvas, horizon: float) -> None:
    for _ in range(70):
        x, y, brightness = canvas.rng.random(), canvas.rng.random() * horizon, between(canvas.rng, 0.35, 1.0)
        canvas.dot(
            x, y, 0.0016 + 0.0022 * brightness * canvas.rng.random(), mix(canvas.light.sky[1], WHITE, brightness)
        )
    x, y = between(canvas.rng, 0.12, 0.88), between(canvas.rng, 0.1, 0.18)
    canvas.glow(x, y, 0.3, MOON, opacity=0.4)
    canvas.soft([(x, y, 0.05, 0.05)], MOON, opacity=1.0, blur=0.002)
    for dx, dy, radius in ((-0.016, -0.01, 0.011), (0.014, 0.014, 0.014), (0.008, -0.022, 0.008)):
        canvas.soft([(x + dx, y + dy, radius, radius)], (222, 214, 188), opacity=0.8, blur=0.002)
