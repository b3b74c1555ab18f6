"""The page of `make app` in a browser: drawing, uploading, on a desktop and on a phone.

The tests need Chromium and its driver, and are skipped where they are missing.
"""

import io
import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from axe_core_python.selenium import Axe
from browser import CHROMIUM, DRIVER, PATIENCE, open_chromium
from conftest import ROOT
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from serving import Server, serving
from strokes import ONE, SEVEN, ZERO

from app import my_hand
from app.pad import PAD_SIZE

PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
SAMPLES = ROOT / "data" / "samples"


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """The page of `make app`, on a free port."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("no Chromium with driver (Debian: apt install chromium chromium-driver)")
    with serving(tmp_path_factory.mktemp("server") / "said") as server:
        yield server


@pytest.fixture(scope="session")
def loaded(server) -> Iterator["Page"]:
    driver = open_chromium("performance")
    try:
        driver.get(server.address)
        page = Page(driver)
        page.wait_for(lambda: "Draw a digit" in page.answer())
        page.wait_for(lambda: driver.find_elements(By.CSS_SELECTOR, ".picture-upload"))
        yield page
    finally:
        driver.quit()


@pytest.fixture
def page(loaded) -> Iterator["Page"]:
    """The page with an empty pad, at a desktop's size."""
    yield loaded
    loaded.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    if loaded.button("Clear").is_enabled():
        loaded.button("Clear").click()
    loaded.wait_for(lambda: "Draw a digit" in loaded.answer())


class Page:
    """What a person does with the page, and sees on it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def wait_for(self, condition) -> None:
        try:
            WebDriverWait(self.driver, PATIENCE).until(lambda _: condition())
        except TimeoutException:
            pytest.fail(f"{PATIENCE} seconds have passed, and the page says:\n{self.text()}")

    def find(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self) -> str:
        return self.find("body").text

    def answer(self) -> str:
        return "".join(
            found.text for found in self.driver.find_elements(By.CSS_SELECTOR, ".answer")
        )

    def button(self, name: str):
        return self.driver.find_element(By.XPATH, f"//button[text()='{name}']")

    def draw(self, points: list[tuple[float, float]], kind: str = "mouse") -> None:
        canvas = self.find(".drawing-pad canvas")
        width, height = canvas.size["width"], canvas.size["height"]
        chain = ActionChains(self.driver, devices=[PointerInput(kind, kind)], duration=20)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
        pointer = chain.w3c_actions.pointer_action
        for number, (x, y) in enumerate(points):  # offsets count from the canvas' middle
            pointer.move_to(canvas, round((x - 50) * width / 100), round((y - 50) * height / 100))
            if number == 0:
                pointer.pointer_down()
        pointer.pointer_up()
        chain.perform()

    def upload(self, *paths: Path) -> None:
        self.find(".picture-upload input").send_keys("\n".join(map(str, paths)))

    def overflow(self) -> int:
        """Pixels by which the page, or its widest element, is too wide for the window."""
        return self.driver.execute_script(
            "return Math.max(...[...document.querySelectorAll('*')].map("
            "e => e.getBoundingClientRect().right)) - window.innerWidth"
        )


def test_an_empty_pad_shows_paper_and_a_stroke_shows_ink(page):
    canvas = page.find(".drawing-pad canvas")
    pixel = """const [canvas, x, y] = arguments;
        return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data]"""
    middle = [length // 2 for length in PAD_SIZE]
    assert canvas.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    assert page.driver.execute_script(pixel, canvas, *middle)[3] == 0  # nothing on the paper
    page.draw(ONE)
    page.wait_for(lambda: page.answer() == "Read: 1")
    assert page.driver.execute_script(pixel, canvas, *middle) == [0, 0, 0, 255]


def test_drawn_digits_are_read(page):
    page.draw(SEVEN)
    page.wait_for(lambda: page.answer() == "Read: 7")
    page.wait_for(lambda: "What the network sees" in page.text())
    assert len(page.driver.find_elements(By.CSS_SELECTOR, ".details .bar")) == 10
    page.draw(ZERO)
    page.wait_for(lambda: page.answer() == "Read: 70")


def test_a_finger_draws_as_well(page):
    page.draw(ONE, kind="touch")
    page.wait_for(lambda: page.answer() == "Read: 1")


def test_undo_and_clear(page):
    assert not page.button("Undo").is_enabled()
    page.draw(SEVEN)
    page.draw(ZERO)
    page.wait_for(lambda: page.answer() == "Read: 70")
    page.button("Undo").click()
    page.wait_for(lambda: page.answer() == "Read: 7")
    page.button("Clear").click()
    page.wait_for(lambda: "Draw a digit" in page.answer())
    assert page.driver.find_elements(By.CSS_SELECTOR, ".details .bar") == []


def test_photos_are_read_and_a_broken_one_gets_a_sentence(page, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((SAMPLES / "pin.jpg").read_bytes()[:500])
    page.upload(SAMPLES / "pin.jpg", broken)
    page.wait_for(lambda: "pin.jpg: read 0386" in page.text())
    page.wait_for(lambda: "broken.jpg: " in page.text())
    assert page.find("figure img[alt='pin.jpg: read 0386']").is_displayed()
    assert "Traceback" not in page.text() and "Error" not in page.text()


def test_what_was_meant_can_be_typed_and_is_kept(page):
    page.draw(SEVEN)
    page.wait_for(lambda: page.answer() == "Read: 7")
    field = page.find(".drawing-pad .correction input")
    page.wait_for(lambda: field.get_attribute("value") == "7")
    field.clear()
    field.send_keys("12\n")
    page.wait_for(lambda: "1 digit was found, and you typed 2" in page.text())
    field.clear()
    field.send_keys("1")
    page.find(".drawing-pad .correction button").click()
    page.wait_for(lambda: "Kept, " in page.answer() and not field.is_displayed())
    assert not page.button("Clear").is_enabled()  # the pad is empty again
    page.draw(ONE)
    page.wait_for(lambda: page.answer() == "Read: 1")
    page.upload(SAMPLES / "pin.jpg")
    page.wait_for(lambda: "pin.jpg: read 0386" in page.text())
    page.find(".picture-upload .correction button").click()  # what was read was right
    page.wait_for(lambda: "Kept, " in page.text())
    labels = sorted(path.name[0] for path in my_hand.FOLDER.glob("*.png"))
    assert labels.count("1") >= 1 and {"0", "3", "8", "6"} <= set(labels)


def test_the_details_stand_beside_the_pad_where_there_is_room(page):
    page.draw(SEVEN)
    page.wait_for(lambda: page.answer() == "Read: 7")
    for width, is_beside in ((1000, True), (900, True), (800, False), (390, False)):
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE | {"width": width})
        # The browser lays the page out anew a moment later.
        page.wait_for(lambda beside=is_beside: where_the_details_are(page) == (beside, not beside))


def where_the_details_are(page: Page) -> tuple[bool, bool]:
    """Whether they are to the right of the pad, and whether below it."""
    canvas, details = page.find(".drawing-pad canvas").rect, page.find(".details").rect
    is_right = details["x"] > canvas["x"] + canvas["width"]
    return is_right, details["y"] > canvas["y"] + canvas["height"]


def test_a_letter_is_no_digit(page):
    page.draw([(40, 20), (60, 80)])
    page.draw([(60, 20), (40, 80)])
    page.wait_for(lambda: page.answer().startswith("I see something, but no digit"))


def test_an_example_is_read_and_what_was_read_can_be_saved(page):
    page.find(".examples button").click()
    page.wait_for(lambda: "photo_07.jpg: read 9" in page.text())
    assert len(page.driver.find_elements(By.CSS_SELECTOR, ".picture-upload .bar")) == 10
    table = saved(page)
    assert list(table) == ["name", "digits", "probabilities"]
    assert table.values.tolist()[0][:2] == ["photo_07.jpg", "9"]
    assert 0.6 < float(table.probabilities[0]) <= 1


def test_saved_names_may_hold_anything(page, tmp_path):
    name = 'a "7", or\'2.jpg'
    shutil.copy(SAMPLES / "pin.jpg", tmp_path / name)
    page.upload(SAMPLES / "ten.jpg", tmp_path / name)
    page.wait_for(lambda: f"{name}: read 0386" in page.text())
    table = saved(page)
    assert table.name.tolist() == ["ten.jpg", name]
    assert table.digits.tolist() == ["3002795255", "0386"]
    assert [len(shares.split()) for shares in table.probabilities] == [10, 4]
    shown = "return [...document.querySelectorAll('.readings .bar')].map(b => b.checkVisibility())"
    assert page.driver.execute_script(shown) == [False] * 10 + [True] * 10


def saved(page: Page) -> pd.DataFrame:
    """The CSV file that the button saves, caught on its way."""
    text = page.driver.execute_async_script(
        "const [done] = arguments, create = URL.createObjectURL;"
        "URL.createObjectURL = (blob) => {"
        "  URL.createObjectURL = create; blob.text().then(done); return 'data:,'; };"
        "document.querySelector('.picture-upload .save').click();"
    )
    return pd.read_csv(io.StringIO(text), dtype=str)


# A file as the browser hands it on when a picture is dropped or pasted: of what its page has got.
GIVE = """const [source, target, kind, field] = arguments;
    return fetch(source).then((response) => response.blob()).then((blob) => {
        const data = new DataTransfer();
        data.items.add(new File([blob], `${kind}.jpg`));
        const init = {bubbles: true, cancelable: true, [field]: data};
        const Kind = kind === "paste" ? ClipboardEvent : DragEvent;
        return !target.dispatchEvent(new Kind(kind, init));
    })"""


@pytest.mark.parametrize(
    "kind, field, target",
    [("drop", "dataTransfer", ".sources"), ("paste", "clipboardData", "body")],
)
def test_a_picture_can_be_dropped_and_pasted(page, kind, field, target):
    source = page.find(".examples img").get_attribute("src")
    page.driver.execute_script(GIVE, source, page.find(target), kind, field)
    page.wait_for(lambda: f"{kind}.jpg: read 9" in page.text())


def test_a_picture_dropped_elsewhere_does_not_take_the_place_of_the_page(page):
    source = page.find(".examples img").get_attribute("src")
    read = len(page.driver.find_elements(By.CSS_SELECTOR, ".readings > *"))
    for target in ("h1", ".drawing-pad canvas"):
        for kind in ("dragover", "drop"):
            element = page.find(target)
            assert page.driver.execute_script(GIVE, source, element, kind, "dataTransfer")
    assert len(page.driver.find_elements(By.CSS_SELECTOR, ".readings > *")) == read
    text = """const data = new DataTransfer();
        data.setData("text/plain", "7");
        const init = {bubbles: true, cancelable: true, dataTransfer: data};
        return document.body.dispatchEvent(new DragEvent("drop", init))"""
    assert page.driver.execute_script(text)  # the browser may put it into a field


def test_a_camera_is_offered_on_touch_screens_alone(page):
    photo = page.find(".picture-upload .photo")
    assert photo.get_attribute("capture") == "environment"
    assert photo.get_attribute("accept") == "image/*"
    camera, hint = page.find(".sources .camera"), page.find(".sources .mouse")
    assert hint.is_displayed() and not camera.is_displayed()
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        assert camera.is_displayed() and not hint.is_displayed()
    finally:
        page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_the_keyboard_reaches_everything_and_is_caught_by_nothing(page):
    page.draw(SEVEN)
    page.wait_for(lambda: page.answer() == "Read: 7")
    page.find(".examples button").click()
    page.wait_for(lambda: "photo_07.jpg: read 9" in page.text())
    wanted = "button:enabled, .correction:not([hidden]) input"
    found = page.driver.find_elements(By.CSS_SELECTOR, wanted)
    reachable = [element for element in found if element.is_displayed()]
    page.wait_for(lambda: press_tab(page).tag_name == "body")  # to where the page begins
    reached = [press_tab(page) for _ in reachable]
    assert reached == reachable and len(reached) >= 10
    assert press_tab(page).tag_name == "body"
    reached[0].send_keys(Keys.ENTER)  # Undo
    page.wait_for(lambda: "Draw a digit" in page.answer())


def press_tab(page: Page) -> WebElement:
    """The element that has the focus after the key was pressed."""
    ActionChains(page.driver).send_keys(Keys.TAB).perform()
    return page.driver.switch_to.active_element


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(page, scheme):
    page.draw(SEVEN)
    page.wait_for(lambda: page.answer() == "Read: 7")
    page.upload(SAMPLES / "pin.jpg", SAMPLES / "ten.jpg")
    page.wait_for(lambda: "ten.jpg: read" in page.text())
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    try:
        colour = page.find("body").value_of_css_property("background-color")
        assert (colour == "rgba(255, 255, 255, 1)") == (scheme == "light")
        violations = Axe().run(page.driver)["violations"]
        assert [(found["id"], found["nodes"][0]["html"][:200]) for found in violations] == []
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_fits_a_phone(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    page.wait_for(lambda: 340 < page.find(".drawing-pad canvas").size["width"] < 390)
    for stroke, answer in ((SEVEN, "Read: 7"), (ONE, "Read: 71"), (ZERO, "Read: 710")):
        page.draw(stroke, kind="touch")
        page.wait_for(lambda answer=answer: page.answer() == answer)
    page.upload(SAMPLES / "page.jpg")
    page.wait_for(lambda: "page.jpg: read" in page.text())
    assert page.overflow() <= 0


def test_no_source_is_shown(page):
    assert "import" not in page.text() and "utils" not in page.text()


def test_nothing_is_asked_of_another_machine(page):
    asked = set()
    for entry in page.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            parameters = message["params"]
            asked.add(parameters.get("request", parameters)["url"])
    away = [u for u in asked if urlsplit(u).hostname not in (None, "127.0.0.1")]
    assert len(asked) > 3 and away == []


def test_large_photos_are_read(page, tmp_path):
    """A message to a kernel holds 10 MB at most; the button is to serve again after it."""
    noise = np.random.default_rng(0).integers(0, 30, (3000, 4000, 3), np.uint8)
    photo = 240 - noise
    photo[900:2100, 1900:2000] = 30
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for path in paths:
        Image.fromarray(photo).save(path, compress_level=1)
        assert path.stat().st_size > 12_000_000
    page.upload(*paths)
    for path in paths:
        page.wait_for(lambda p=path: f"{p.name}: read 1" in page.text())
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(bytes(12_000_000))
    page.upload(broken)
    page.wait_for(lambda: "broken.jpg has 12 MB" in page.text())
    page.upload(SAMPLES / "pin.jpg")
    page.wait_for(lambda: "pin.jpg: read 0386" in page.text())


def test_kernels_end_when_their_pages_are_left(server, page):
    """One is this page's own, one waits for the next page."""
    for _ in range(4):
        assert urllib.request.urlopen(server.address).status == 200
    page.driver.switch_to.new_window("tab")
    page.driver.get(server.address)
    page.wait_for(lambda: "Draw a digit" in page.answer())
    assert server.kernels() > 4
    page.driver.close()
    page.driver.switch_to.window(page.driver.window_handles[0])
    page.wait_for(lambda: server.kernels() == 2)
    page.draw(ONE)  # this page's own still answers
    page.wait_for(lambda: page.answer() == "Read: 1")


KERNEL = "window.jupyterapp.widgetManager.kernel"
# As where a phone sleeps: the connection ends, and the page does nothing about it.
SLEEP = f"const kernel = {KERNEL}; kernel._createSocket = () => {{}}; kernel._ws.close()"
WAKE = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.mark.parametrize("end", ["the page was away", "the kernel was killed"])
def test_a_page_whose_kernel_is_gone_says_so(server, page, end):
    page.driver.switch_to.new_window("tab")
    try:
        page.driver.get(server.address)
        page.wait_for(
            lambda: page.driver.execute_script(
                "return !!window.jupyterapp?.widgetManager?.kernel?.id"
            )
        )
        name = page.driver.execute_script(f"return {KERNEL}.id")
        kernel = server.kernel(name)
        asked = f"fetch(`${{{KERNEL}.serverSettings.baseUrl}}api/kernels/{name}`)"
        wake = f"{WAKE}; const [done] = arguments; {asked}.then((answer) => done(answer.status))"
        assert page.driver.execute_async_script(wake) == 200
        assert not page.driver.find_elements(By.CSS_SELECTOR, ".lost")
        if end == "the page was away":
            page.driver.execute_script(SLEEP)
            page.wait_for(lambda: not kernel.is_running())
            page.driver.execute_script(WAKE)
        else:
            kernel.kill()
        page.wait_for(lambda: "Reload it to go on." in page.text())
        page.button("Reload").click()
        page.wait_for(lambda: "Draw a digit" in page.answer() and "Reload" not in page.text())
    finally:
        page.driver.close()
        page.driver.switch_to.window(page.driver.window_handles[0])


def test_a_phone_in_the_room_draws(server, tmp_path):
    """The token opens the page, and the cookie that it gets what the page asks for later."""
    with serving(tmp_path / "said", "--lan") as room:
        driver = open_chromium("browser")
        try:
            driver.get(room.said.read_text(encoding="utf-8").splitlines()[1])
            phone = Page(driver)
            phone.wait_for(lambda: "Draw a digit" in phone.answer())
            phone.draw(SEVEN, kind="touch")
            phone.wait_for(lambda: phone.answer() == "Read: 7")
        finally:
            driver.quit()


def test_the_server_prints_its_address_and_nothing_else(server):
    """After all that was asked of it above; a library's warning is no news for a learner."""
    name, address = server.said.read_text(encoding="utf-8").splitlines()
    assert name.endswith("is running at:") and address == server.address
