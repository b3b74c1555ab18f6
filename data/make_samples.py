"""Make the sample pictures: MNIST test digits, put on paper as a phone or a drawing app sees them.

    python data/make_samples.py [FOLDER]

writes the pictures and `labels.csv` (picture, digits, shows) to FOLDER, data/samples/ if none is
given. The same seed gives the same pictures. `photograph` makes one picture of any digits.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image

HERE = Path(__file__).resolve().parent
PAPERS = {"white": (244, 244, 242), "cream": (243, 233, 208), "grey": (188, 190, 192)}
PENS = {"black": (35, 35, 40), "blue": (30, 50, 140), "red": (170, 40, 40), "green": (25, 100, 60)}
CHALK, BOARD = (235, 238, 230), (38, 62, 52)


@dataclass
class Scene:
    """What a picture is like; lengths are shares of the digit's height."""

    paper: tuple = PAPERS["white"]
    pen: tuple = PENS["black"]
    gradient: float = 0.0  # share of the light that is lost from one side to the other
    shadow: float = 0.0  # share of the light that the phone's shadow takes
    rotation: float = 0.0  # degrees, counter-clockwise
    blur: float = 0.0  # standard deviation in pixels
    noise: float = 2.0  # standard deviation in grey levels
    texture: float = 2.0  # standard deviation of the paper's brightness, grey levels
    height: int = 260  # pixels of a digit's 28 x 28 field
    margin: float = 0.9
    gap: float = 0.05
    slope: float = 0.0  # how much lower each digit stands than the one before it
    wider: float = 0.0  # how much wider the strokes are than MNIST's; negative: thinner


def ink_field(rows: list[np.ndarray], scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Lay digits out in rows; float32, shape (height, width), 0 (paper) to 1 (ink).

    Args:
        rows: arrays of MNIST digits, each uint8 of shape (n, 28, 28).
    """
    size = scene.height
    step = round(size * (0.72 + scene.gap))
    margin = round(size * scene.margin)
    longest = max(map(len, rows))
    drop = round(abs(scene.slope) * size)
    shape = (
        2 * margin + len(rows) * size + (len(rows) - 1) * size // 4 + (longest - 1) * drop,
        2 * margin + (longest - 1) * step + size,
    )
    field = np.zeros(shape, np.float32)
    for r, digits in enumerate(rows):
        for c, digit in enumerate(digits):
            large = cv2.resize(digit.astype(np.float32) / 255, (size, size), None, 0, 0, 2)
            large = cv2.GaussianBlur(large, (0, 0), size / 90)
            if width := round(abs(scene.wider) * size):
                kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
                large = (cv2.dilate if scene.wider > 0 else cv2.erode)(large, kernel)
            stroke = 1 / (1 + np.exp(-(large - 0.42) * 14))  # a pen's edge is sharper than 28 x 28
            stroke[large < 0.05] = 0
            top = margin + r * (size + size // 4) + c * drop
            left = margin + c * step + int(rng.integers(-size // 40, size // 40 + 1))
            window = field[top : top + size, left : left + size]
            np.maximum(window, stroke, out=window)
    return field


def photograph(rows: list[np.ndarray], scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Put digits on paper and take a photo of it: uint8, shape (height, width, 3), RGB."""
    ink = ink_field(rows, scene, rng)
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), scene.rotation, 1)
    ink = cv2.warpAffine(ink, turn, (width, height))[..., None]
    coarse = rng.normal(size=(height // 12 + 2, width // 12 + 2)).astype(np.float32)
    texture = cv2.resize(coarse, (width, height), None, 0, 0, cv2.INTER_CUBIC)[..., None]
    paper = np.array(scene.paper, np.float32) + scene.texture * texture
    picture = paper * (1 - ink) + np.array(scene.pen, np.float32) * ink
    picture *= light(height, width, scene, rng)[..., None]
    if scene.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), scene.blur)
    for row in picture:  # row by row: noise for all of a large picture takes much memory
        row += rng.normal(0, scene.noise, row.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def light(height: int, width: int, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Brightness of the light at each pixel, 0 to 1: a gradient, and a shadow with a soft edge."""
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    brightness = 1 - scene.gradient * (along + 0.5)
    edge = rng.uniform(-0.15, 0.15)
    return brightness * (1 - scene.shadow / (1 + np.exp(-(along - edge) * 40)))


def random_scene(rng: np.random.Generator, **fixed: object) -> Scene:
    """A scene as a phone meets it: any paper, any pen, uneven light, slightly turned, blurred."""
    values = {
        "paper": list(PAPERS.values())[rng.integers(len(PAPERS))],
        "pen": list(PENS.values())[rng.integers(len(PENS))],
        "gradient": rng.uniform(0, 0.45),
        "shadow": rng.choice([0, rng.uniform(0.15, 0.4)]),
        "rotation": rng.uniform(-8, 8),
        "blur": rng.uniform(0, 2.5),
        "noise": rng.uniform(1, 6),
        "texture": rng.uniform(1, 4),
        "height": int(rng.integers(150, 420)),
        "margin": rng.uniform(0.3, 1.5),
    }
    return Scene(**(values | fixed))


def drawing(rows: list[np.ndarray], scene: Scene, rng: np.random.Generator) -> Image.Image:
    """The same digits from a drawing app: pen colour on a transparent canvas."""
    ink = ink_field(rows, scene, rng)
    colour = np.broadcast_to(np.array(scene.pen, np.uint8), (*ink.shape, 3))
    return Image.fromarray(np.dstack([colour, np.round(ink * 255).astype(np.uint8)]), "RGBA")


def sample_plan(rng: np.random.Generator) -> list[tuple[str, list[int], Scene, str]]:
    """File name, number of digits in each row, scene and description of every sample."""
    chalk = {"paper": BOARD, "pen": CHALK, "shadow": 0, "texture": 5}
    plan = [
        (f"photo_{i:02d}.jpg", [1], random_scene(rng), "phone photo of one digit")
        for i in range(16)
    ]
    for name, rows, scene, shows in (
        ("shadow", [1], {"shadow": 0.45, "gradient": 0.3}, "the phone's shadow over the paper"),
        ("corner", [1], {"height": 110, "margin": 3}, "a small digit on much paper"),
        ("chalk", [1], chalk, "chalk on a green board"),
        ("chalk_row", [4], chalk | {"height": 200, "gap": 0.1}, "four digits in chalk"),
        ("turned", [2], {"gap": 0.1}, "stored lying on its side, which its EXIF data say"),
        ("pin", [4], {"gap": 0.1}, "a PIN of four digits"),
        ("postcode", [5], {"gap": 0.15, "height": 170}, "a postcode of five digits"),
        ("sloping", [5], {"gap": 0.2, "slope": 0.06, "height": 170}, "a row that slopes"),
        ("ten", [10], {"gap": 0.2, "height": 150, "rotation": 1}, "ten digits"),
        ("phone_number", [6, 5], {"gap": 0.15, "height": 150, "rotation": 3}, "two rows"),
        ("page", [5, 5, 5, 5], {"gap": 0.2, "height": 150, "rotation": 0}, "four rows"),
        ("two_rows", [3, 4], {"gap": 0.15, "rotation": -2, "height": 170}, "two rows"),
    ):
        plan.append((f"{name}.jpg", rows, random_scene(rng, **scene), shows))
    plan += [
        (
            "inverted.png",
            [1],
            Scene((0, 0, 0), (255, 255, 255), noise=0, texture=0),
            "white on black",
        ),
        ("thumbnail.png", [1], Scene(height=28, margin=0, noise=0), "28 x 28 pixels"),
        ("drawing.png", [1], Scene(), "a drawing on a transparent canvas"),
        ("drawing_light.png", [3], Scene(pen=CHALK, height=180), "a light pen, transparent"),
    ]
    return plan


def save(name: str, rows: list[np.ndarray], scene: Scene, folder: Path, rng) -> None:
    """Write one sample in the form that its name and ending say."""
    if name.startswith("drawing"):
        drawing(rows, scene, rng).save(folder / name)
        return
    image = Image.fromarray(photograph(rows, scene, rng))
    exif = Image.Exif()
    if name == "turned.jpg":
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[0x0112] = 6  # the tag "Orientation": turn by 90 degrees clockwise to view
    extra = {"quality": int(rng.integers(60, 90)), "exif": exif} if name.endswith("jpg") else {}
    image.save(folder / name, **extra)


def main(folder: Path = HERE / "samples", seed: int = 2024) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    with np.load(HERE / "mnist.npz") as file:
        images, labels = file["x_test"], file["y_test"]
    table = []
    for name, counts, scene, shows in sample_plan(rng):
        chosen = [rng.choice(len(images), count, replace=False) for count in counts]
        save(name, [images[row] for row in chosen], scene, folder, rng)
        table.append((name, "".join(str(d) for row in chosen for d in labels[row]), shows))
    columns = ["picture", "digits", "shows"]
    pd.DataFrame(table, columns=columns).to_csv(folder / "labels.csv", index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
