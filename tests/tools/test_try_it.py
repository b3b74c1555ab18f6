"""The site's page to draw on: it reads as Keras does, in a browser, opened from disk.

The tests need Chromium and its driver, and are skipped where they are missing.
"""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from axe_core_python.selenium import Axe
from browser import open_chromium
from keras import Sequential, layers, models
from markdown_it import MarkdownIt
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import utils
from tools.pages.hands import Hands
from tools.site import try_it

PAD_SIDE, PEN_WIDTH = 320, 14  # pixels, as in page.js
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
INVITATION = "Draw one digit on the pad."
NO_DIGIT = "I see no digit. Draw it larger, in one place."
# Ground and letters are those of the site's theme.
BARE_PAGE = """<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Try it</title>
<style>
body {{ background: #fff; color: #222832; font: 16px/1.4 system-ui, sans-serif; margin: 16px; }}
html[data-theme=dark] body {{ background: #121212; color: #ced6dd; }}
html[data-theme=dark] a {{ color: #6cb6ff; }}
</style>
</head>
<body><main>{body}</main></body>
</html>
"""
READ = """
    const [drawings, side] = arguments;
    const greys = Uint8Array.from(atob(drawings), (letter) => letter.charCodeAt(0));
    const read = DigitNetwork.load(DIGIT_READER);
    const answers = [];
    for (let start = 0; start < greys.length; start += side * side) {
        const own = greys.subarray(start, start + side * side);
        const ink = Float32Array.from(own, (grey) => (255 - grey) / 255);
        const image = DigitNetwork.toMnist(ink, side, side);
        answers.push([[...image], [...read(image)]]);
    }
    return answers;"""


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    driver = open_chromium("browser")
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The page as a browser opens it from disk, without the site around it."""
    folder = tmp_path_factory.mktemp("try_it")
    try_it.write(folder)
    markdown = (folder / "try_it.md").read_text("utf-8")
    body = MarkdownIt("commonmark").render(markdown)
    (folder / "try_it.html").write_text(BARE_PAGE.format(body=body), "utf-8")
    return folder


@pytest.fixture(scope="module")
def hands() -> Hands:
    """Writers on whom no network is trained."""
    return Hands(measured=True)


@pytest.fixture
def page(driver, folder) -> "Page":
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return Page(driver, folder)


class Page:
    """What a visitor does with the page, and sees on it."""

    def __init__(self, driver: webdriver.Chrome, folder: Path) -> None:
        self.driver = driver
        driver.get((folder / "try_it.html").as_uri())

    def find(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def button(self, name: str):
        return self.driver.find_element(By.XPATH, f"//button[text()='{name}']")

    def answer(self) -> str:
        return self.find(".answer").text

    def bars(self) -> list[str]:
        return [found.text for found in self.driver.find_elements(By.CSS_SELECTOR, ".bars li")]

    def draw(self, lines: list[np.ndarray], kind: str = "mouse") -> None:
        """Draw strokes, in pixels of the pad, with a pointer."""
        pad = self.find(".drawing canvas")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", pad)
        shown = pad.size["width"] / PAD_SIDE
        for line in lines:
            chain = ActionChains(self.driver, devices=[PointerInput(kind, kind)], duration=10)
            pointer = chain.w3c_actions.pointer_action
            for number, point in enumerate(line):  # offsets count from the pad's middle
                x, y = np.round((point - PAD_SIDE / 2) * shown).astype(int).tolist()
                pointer.move_to(pad, x, y)
                if number == 0:
                    pointer.pointer_down()
            pointer.pointer_up()
            chain.perform()

    def ink(self) -> tuple[float, float]:
        """What is drawn on the pad, and what the network sees: the largest ink, 0 to 1."""
        pad, seen = self.driver.execute_script("""
            return [...document.querySelectorAll(".try-it canvas")].map((canvas) => [
                ...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
            ]);""")
        return max(pad[3::4]) / 255, 1 - min(seen[::4]) / 255


def on_the_pad(lines: list[np.ndarray], longer: float = 220) -> list[np.ndarray]:
    """Strokes in the middle of the pad; `longer`: pixels of the longer side of what is drawn."""
    points = np.concatenate(lines)
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    scale = longer / size.max()
    return [(line - low - size / 2) * scale + PAD_SIDE / 2 for line in lines]


def drawing(lines: list[np.ndarray]) -> np.ndarray:
    """Strokes as a picture of the pad: uint8, shape (PAD_SIDE, PAD_SIDE), black on white."""
    paper = np.full((PAD_SIDE, PAD_SIDE), 255, np.uint8)
    for line in lines:
        path = np.round(line).astype(np.int32)
        cv2.polylines(paper, [path], False, 0, PEN_WIDTH, cv2.LINE_AA)
    return paper


def read_in_browser(driver, drawings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What `toMnist` makes of n drawings, and the network's answers: shapes (n, 784), (n, 11)."""
    answers = []
    for start in range(0, len(drawings), 50):  # a message of some 7 MB
        part = base64.b64encode(drawings[start : start + 50].tobytes()).decode()
        answers += driver.execute_script(READ, part, PAD_SIDE)
    images, probabilities = zip(*answers, strict=True)
    return np.array(images), np.array(probabilities)


def test_it_reads_as_keras_does(page, hands):
    rng = np.random.default_rng(0)
    drawings = []
    for number in range(200):
        lines = hands.drawing_of(number % 10, rng)
        drawings.append(drawing(on_the_pad(lines, rng.uniform(60, 280))))
    drawings = np.stack(drawings)
    inks = (255 - drawings).astype(np.float32) / 255
    expected = np.stack([utils.to_mnist(ink) for ink in inks])
    model = models.load_model(try_it.READER, compile=False)
    keras_says = model.predict_on_batch(utils.to_input(expected))
    images, probabilities = read_in_browser(page.driver, drawings)
    assert np.abs(images - expected.reshape(200, -1).astype(int)).max() <= 1
    assert (probabilities.argmax(axis=1) == keras_says.argmax(axis=1)).all()
    assert np.abs(probabilities - keras_says).max() < 0.01


@pytest.mark.parametrize("side", [1, 7, 13, 20, 27, 40, 61, 100, 160])
def test_blots_of_any_size_are_prepared_as_in_python(page, side):
    """The small ones are enlarged; those of 40, 100 and 160 pixels shrink by whole numbers."""
    rng = np.random.default_rng(side)
    drawings = np.full((20, PAD_SIDE, PAD_SIDE), 255, np.uint8)
    for paper in drawings:
        width = int(rng.integers(1, side + 1))
        paper[90 : 90 + side, 30 : 30 + width] = rng.integers(0, 200, (side, width))
    images, _ = read_in_browser(page.driver, drawings)
    expected = [utils.to_mnist((255 - paper).astype(np.float32) / 255) for paper in drawings]
    assert np.abs(images - np.reshape(expected, (20, -1)).astype(int)).max() <= 1


@pytest.mark.parametrize("digit", [2, 5, 8])
def test_drawn_digits_are_read(page, hands, digit):
    assert page.answer() == INVITATION
    page.draw(on_the_pad(hands.drawing_of(digit, np.random.default_rng(1))))
    assert page.answer() == f"A{'n' if digit == 8 else ''} {digit}."
    assert page.find(".bars .best").text.split()[0] == str(digit)
    assert len(page.bars()) == 10
    assert page.driver.get_log("browser") == []


def test_undo_takes_the_last_stroke_back(page):
    down = on_the_pad([np.array([[0, 0], [0, 50], [0, 100]])])
    page.draw(down)
    assert page.answer() == "A 1."
    page.draw([line[:, ::-1] for line in down])
    assert page.answer() == NO_DIGIT  # a plus
    page.button("Undo").click()
    assert page.answer() == "A 1."
    page.button("Undo").send_keys(Keys.ENTER)
    assert page.answer() == INVITATION


def test_clear_empties_everything(page, hands):
    page.draw(on_the_pad(hands.drawing_of(8, np.random.default_rng(1))))
    assert page.ink() == (1, 1) and page.find(".details").is_displayed()
    page.find("body").click()
    focus = ActionChains(page.driver)
    for _ in range(3):  # the link, Undo, Clear
        focus.send_keys(Keys.TAB)
    focus.send_keys(Keys.SPACE).perform()
    assert page.answer() == INVITATION
    assert page.ink() == (0, 0) and page.bars() == []
    assert not page.find(".details").is_displayed()


def test_what_is_no_digit_is_called_none(page):
    across = np.linspace(30, 290, 14)
    page.draw([np.stack([across, 160 + 130 * (-1.0) ** np.arange(14)], axis=1)])
    assert page.answer() == NO_DIGIT
    assert len(page.bars()) == 10
    assert page.driver.find_elements(By.CSS_SELECTOR, ".bars .best") == []


def test_a_dot_is_too_small_to_be_read(page):
    page.draw([np.array([[160, 160]])])
    assert page.answer() == NO_DIGIT and page.bars() == []


@pytest.mark.parametrize("share, answer", [(0.59, "Perhaps an 8."), (0.61, "An 8.")])
def test_an_unsure_answer_looks_unsure(driver, folder, tmp_path, share, answer):
    """A network that always says the same stands in for the reader."""
    probabilities = np.full(11, (1 - share) / 10, np.float32)
    probabilities[8] = share
    network = Sequential(
        [layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(11), layers.Softmax()]
    )
    network.layers[1].set_weights([np.zeros((784, 11)), np.log(probabilities)])
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    reader = f"const DIGIT_READER = {json.dumps(try_it.export(network))};"
    (tmp_path / "_static" / "try_it" / "reader.js").write_text(reader, "utf-8")
    page = Page(driver, tmp_path)
    page.draw(on_the_pad([np.array([[0, 0], [0, 100]])]))
    assert page.answer() == answer
    unsure = page.find(".answer").value_of_css_property("font-style") == "italic"
    assert unsure == answer.startswith("Perhaps")


def test_it_fits_a_phone(page, hands):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    lines = hands.drawing_of(2, np.random.default_rng(1))
    page.draw(on_the_pad(lines), kind="touch")
    assert page.answer() == "A 2."
    widest, window = page.driver.execute_script(
        "return [Math.max(...[...document.querySelectorAll('*')].map("
        "(e) => e.getBoundingClientRect().right)), document.documentElement.clientWidth]"
    )
    assert window == PHONE["width"] and widest <= window


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("is_empty", [True, False])
def test_axe_finds_nothing_to_mend(page, hands, theme, is_empty):
    page.driver.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    if not is_empty:
        page.draw(on_the_pad(hands.drawing_of(4, np.random.default_rng(1))))
    violations = Axe().run(page.driver)["violations"]
    assert [(found["id"], found["help"]) for found in violations] == []


def small_network(*more: layers.Layer) -> Sequential:
    """A network with what the reader lacks, its weights and normalization drawn at random."""
    network = Sequential([layers.Input((9, 7, 1)), *more])
    rng = np.random.default_rng(0)
    for layer in network.layers:  # variances must be positive, factors need not
        layer.set_weights([rng.uniform(-1, 1, w.shape) for w in layer.get_weights()])
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(rng.uniform(0.5, 2, layer.moving_variance.shape))
    return network


def test_other_networks_are_exported_exactly(page):
    network = small_network(
        layers.BatchNormalization(),
        layers.Conv2D(5, (3, 2), strides=2, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2D(4, 2, padding="same", use_bias=False),
        layers.MaxPooling2D((2, 3), strides=(2, 1)),
        layers.BatchNormalization(),
        layers.Conv2D(3, (1, 2)),
        layers.Flatten(),
        layers.BatchNormalization(),
        layers.Dense(6),
        layers.BatchNormalization(scale=False),
        layers.Softmax(),
    )
    exported = try_it.export(network)
    kinds = [layer["kind"] for layer in exported["layers"]]
    assert kinds == [
        *("scaleAndShift", "convolution", "relu", "convolution", "maxPooling", "scaleAndShift"),
        *("convolution", "scaleAndShift", "dense", "softmax"),
    ]
    image = np.random.default_rng(1).integers(0, 256, (9, 7), np.uint8)
    script = "return [...DigitNetwork.load(arguments[0])(Uint8Array.from(arguments[1]))]"
    answers = page.driver.execute_script(script, exported, image.ravel().tolist())
    expected = network.predict_on_batch(image[None, ..., None] / np.float32(255))
    np.testing.assert_allclose(answers, expected[0], atol=0.005)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(2, 3, activation="relu"),
        layers.Conv2D(2, 3, dilation_rate=2),
        layers.ReLU(max_value=6),
        layers.MaxPooling2D(2, padding="same"),
        layers.AveragePooling2D(2),
        layers.Dense(3),
    ],
)
def test_what_the_page_cannot_calculate_is_refused(layer):
    with pytest.raises(ValueError, match=layer.name):
        try_it.export(small_network(layer))


def test_weights_too_large_for_float16_are_refused():
    network = small_network(layers.Conv2D(2, 3))
    network.layers[0].set_weights([np.full((3, 3, 1, 2), 1e6), np.zeros(2)])
    with pytest.raises(ValueError, match="float16"):
        try_it.export(network)
