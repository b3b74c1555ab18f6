"""Digits of forms that are rare in the packs of handwriting: strokes with a few random corners.

Each function gives lines of points (x, y), shares of the digit's height, for `hands.draw`.
"""

import numpy as np


def flagged_one(rng: np.random.Generator) -> list[np.ndarray]:
    """A stem, mostly with a flag that hangs from its top at 20 to 72 degrees, or with a foot."""
    top, bottom = np.array([0.0, 0.0]), np.array([rng.uniform(-0.25, 0.08), 1.0])
    angle = np.deg2rad(20 + 52 * rng.uniform() ** 1.2)
    length = rng.uniform(0.15, 0.8)
    if rng.random() < 0.15:  # it reaches nearly as far down as the stem
        angle = np.deg2rad(rng.uniform(45, 70))
        length = rng.uniform(0.7, 1.05) / np.sin(angle)
    flag = top + length * np.array([-np.cos(angle), np.sin(angle)])
    bend = (top + flag) / 2 + rng.normal(0, 0.03, 2)
    lines = [[flag, bend, top, bottom] if rng.random() < 0.85 else [top, bottom]]
    if rng.random() < 0.25:
        foot = np.array([rng.uniform(0.15, 0.35), rng.normal(0, 0.015)])
        lines.append([bottom - foot, bottom + foot])
    return _lines(lines)


def barred_seven(rng: np.random.Generator) -> list[np.ndarray]:
    """A top that is level or a wave, a slanting stem, in some a bar, in some a hook at the left."""
    width = rng.uniform(0.4, 0.7)
    left, right = np.array([0.0, 0.0]), np.array([width, width * rng.uniform(-0.3, 0.1)])
    bottom = right + [-width * rng.uniform(0.2, 0.8), 1.0]
    bend = (right + bottom) / 2 + rng.uniform([-0.08, -0.06], [0.04, 0.06])
    hook = rng.random() < 0.35
    wave = (0.3 if hook else 0.1) * rng.uniform() ** 2 - 0.02
    lines = [[left, (left + right) / 2 + [0, wave], right, bend, bottom]]
    if hook:
        lines.append([left + rng.uniform([-0.05, 0.08], [0.04, 0.35]), left])
    if rng.random() < 0.5:
        middle = bend + rng.uniform(-0.1, 0.25) * (right - bend)
        half = np.array([width * rng.uniform(0.2, 0.4), rng.uniform(-0.08, 0.08)])
        lines.append([middle - half, middle + half])
    return _lines(lines)


def open_four(rng: np.random.Generator) -> list[np.ndarray]:
    """A stroke down, a bar to the right, and a stem, short or long, that may stand apart."""
    start = np.array([rng.uniform(0.2, 0.6), 0.0])
    low = rng.uniform(0.45, 0.82)  # how far down the corner is
    corner = np.array([rng.uniform(0.0, 0.18), low])
    end = np.array([rng.uniform(0.6, 1.05), low + rng.uniform(-0.12, 0.08)])
    stem = np.array([rng.uniform(0.55, 0.85), rng.uniform(-0.05, low - 0.12)])
    bend = (start + corner) / 2 + rng.normal(0, 0.04, 2)
    foot = np.array([stem[0] + rng.uniform(-0.18, 0.05), 1.0])
    return _lines([[start, bend, corner, end], [stem, foot]])


def slashed_zero(rng: np.random.Generator) -> list[np.ndarray]:
    """A ring with a stroke from the lower left to the upper right, within it or beyond."""
    turn = np.linspace(0, 2 * np.pi + rng.uniform(-0.2, 0.5), 24) - np.pi / 2
    wide = rng.uniform(0.28, 0.45)
    ring = np.stack([wide * np.cos(turn), 0.5 * np.sin(turn)], axis=1)
    half = np.array([wide, -0.45]) * rng.uniform(0.7, 1.4)
    return _lines([ring, [-half, half]])


def _lines(lines: list) -> list[np.ndarray]:
    return [np.array(line, np.float32) for line in lines]


FORMS = {0: slashed_zero, 1: flagged_one, 4: open_four, 7: barred_seven}
