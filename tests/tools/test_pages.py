"""Pages that are generated, and what is measured on them."""

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from sklearn.model_selection import train_test_split

from reading import network
from reading.crop import cut_out, with_surroundings
from reading.find import Place
from reading.read import Digit
from tools.measure import pages as measure
from tools.pages import crops, ground, hands, patches
from tools.pages.page import (
    KINDS,
    MORE_KINDS,
    Page,
    Sheet,
    _shrunk,
    _truth,
    across,
    cut_close,
    is_legible,
    make_page,
    some_objects,
    squeezed,
)  # fmt: skip
from tools.ship import finder, judge, weights


@pytest.fixture(scope="module", params=[True, False], ids=["measured", "trained on"])
def measured(request):
    return request.param


@pytest.fixture(scope="module")
def writers(measured):
    return hands.Hands(measured)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_tells_where_its_digits_are(writers, measured, kind):
    for seed in range(5):
        page = make_page(np.random.default_rng(seed), kind, writers, measured)
        high, wide = page.picture.shape
        assert page.picture.dtype == np.uint8 and max(high, wide) <= 1400
        assert page.boxes.shape == (len(page.digits), 4)
        assert (kind == "none") == (not page.digits)
        assert all(0 <= digit <= 9 for digit in page.digits)
        if page.digits:
            assert (page.boxes[:, :2] >= 0).all() and (page.boxes[:, 2:] > 0).all()
            assert (page.boxes[:, 0] + page.boxes[:, 2] <= wide).all()
            assert (page.boxes[:, 1] + page.boxes[:, 3] <= high).all()


@pytest.mark.parametrize("kind", MORE_KINDS)
def test_kinds_for_the_training_alone(kind):
    writers = hands.Hands(measured=False)
    for seed in range(20):
        page = make_page(np.random.default_rng(seed), kind, writers, longest=60)
        assert max(page.picture.shape) <= 60 and min(page.picture.shape) >= 4
        assert (kind == "alone") == (not page.digits)
        if kind == "small":  # the digits fill most of it; margins are 0.35 of a digit at most
            start, end = page.boxes[:, :2].min(0), (page.boxes[:, :2] + page.boxes[:, 2:]).max(0)
            assert max((end - start) / page.picture.shape[::-1]) > 0.45


def test_a_line_across_a_sheet_ends_on_its_sides():
    sheet = Sheet((50, 200))
    for seed in range(10):
        points = across(sheet, 3, np.random.default_rng(seed))
        beyond = (points < 0) | (points > np.array(sheet.shape[::-1]))
        assert beyond[0].any() and beyond[-1].any() and not beyond[1].any()


def test_no_even_shape_that_lies_about_is_a_bar():
    """A bar alone on a sheet is a 1, as far as anybody can see."""
    alone = 0
    for seed in range(150):
        sheet = Sheet((300, 300))
        some_objects(sheet, np.random.default_rng(seed))
        count, parts = cv2.connectedComponents(cv2.compare(sheet.print, 0.01, cv2.CMP_GT))
        if count == 2:  # paper and one shape
            _, sides, _ = cv2.minAreaRect(cv2.findNonZero(parts.astype(np.uint8)))
            assert max(sides) < 4 * min(sides)  # its soft edge included
            alone += 1
    assert alone > 20


def test_a_straight_stroke_alone_on_paper_is_a_one(monkeypatch):
    monkeypatch.setattr(crops, "SHARE_BARS", 1.0)
    writers = hands.Hands(measured=False)
    made = [crops.plain_crop(writers, np.random.default_rng(k)) for k in range(200)]
    bars = [crop for crop, label in made if label == 1]
    wide = [np.ptp(np.nonzero(crop > 128)[1]) for crop in bars]
    assert len(bars) > 5 and max(wide) < 20  # a 1 with a flag and a foot is wider


def test_small_pictures_are_squeezed_into_a_square_with_all_digits():
    sheet = Sheet((40, 100))
    sheet.put(np.ones((30, 20), np.float32), 10, 5, digit=4)
    sheet.put(np.ones((30, 20), np.float32), 60, 5, digit=2)
    square = squeezed(sheet)
    assert square.ink.shape == square.owner.shape == square.print.shape == (40, 40)
    assert square.digits == [4, 2] and set(np.unique(square.owner)) == {0, 1, 2}


def test_parts_of_photos_come_from_the_right_photos():
    for measured in (True, False):
        photos = ground.photos(measured)
        largest = max(max(photo.shape) for photo in photos)
        parts = [patches.photo_part(measured, np.random.default_rng(k)) for k in range(20)]
        assert all(part.dtype == np.uint8 and max(part.shape) <= largest for part in parts)
        assert len({part.shape for part in parts}) > 5


def test_digits_on_plain_paper_are_not_for_measuring():
    writers = hands.Hands(measured=False)
    labels = {crops.plain_crop(writers, np.random.default_rng(k))[1] for k in range(100)}
    assert labels == set(range(11))
    few, many = (
        crops.some_crops(1, 1, measured, network.FINDER_FILE, cut_out, 0.3)[1]
        for measured in (True, False)
    )
    assert len(many) >= crops.PLAIN and len(few) < len(many)


def test_a_seed_makes_the_same_page_again(writers, measured):
    first, again = (
        make_page(np.random.default_rng(3), "photo", writers, measured) for _ in range(2)
    )
    other = make_page(np.random.default_rng(4), "photo", writers, measured)
    assert np.array_equal(first.picture, again.picture) and first.digits == again.digits
    assert not np.array_equal(first.picture, other.picture)


def test_boxes_are_those_of_the_ink():
    sheet = Sheet((60, 100))
    sheet.put(np.ones((20, 10), np.float32), 5, 30, digit=7)
    sheet.put(np.ones((8, 8), np.float32), 40, 2)  # no digit
    sheet.put(np.ones((30, 12), np.float32), 80, 10, digit=1)
    page = _truth(np.zeros((60, 100), np.uint8), sheet.owner, sheet.digits, "row")
    assert page.digits == [7, 1]
    assert page.boxes.tolist() == [[5, 30, 10, 20], [80, 10, 12, 30]]
    smaller = _shrunk(page, 50)
    assert smaller.picture.shape == (30, 50)
    assert smaller.boxes.tolist() == [[2, 15, 5, 10], [40, 5, 6, 15]]


def test_a_close_cut_keeps_all_digits():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sheet = Sheet((200, 300))
        sheet.put(np.ones((40, 20), np.float32), *rng.integers(0, 150, 2), digit=4)
        sheet.put(np.ones((30, 25), np.float32), *rng.integers(0, 150, 2), digit=2)
        cut = cut_close(sheet, 40, rng)
        assert cut.digits == [4, 2] and cut.owner.shape == cut.ink.shape == cut.print.shape
        assert np.count_nonzero(cut.owner) == np.count_nonzero(sheet.owner)
        rows, columns = np.nonzero(cut.owner)
        assert rows.min() <= 15 and columns.min() <= 15


def test_a_digit_that_nobody_can_see_is_not_legible():
    owner = np.zeros((60, 60), np.int16)
    owner[10:50, 28:33] = 1
    noise = np.random.default_rng(0).normal(0, 1, (60, 60))
    for contrast, spread, expected in ((60, 5, True), (4, 0, False), (20, 40, False)):
        picture = np.clip(150 - contrast * owner + spread * noise, 0, 255).astype(np.uint8)
        assert is_legible(picture, owner) == expected


def test_digits_are_drawn_as_high_as_is_asked(writers):
    rng = np.random.default_rng(0)
    for _ in range(20):
        writer = writers.writer(rng)
        for height in (14, 60, 300):
            ink = writer.digit(int(rng.integers(10)), height, rng)
            assert ink.dtype == np.float32 and ink.min() >= 0 and ink.max() <= 1
            assert 0.7 * height <= max(ink.shape) <= 3.5 * height
            assert ink.max() > 0.2


def drawings(writers: hands.Hands) -> set[bytes]:
    """All that a hand may draw, each as bytes."""
    pen = [writers.lines(i) for w in writers._writers for numbers in w for i in numbers]
    scans = [picture for writer in writers._scanned for digit in writer for picture in digit]
    return {np.concatenate(lines).tobytes() for lines in pen} | {
        picture.tobytes() for picture in [*scans, *writers._marks]
    }


def test_what_is_kept_for_measuring_is_never_drawn_for_training():
    trained, kept = (drawings(hands.Hands(measured)) for measured in (False, True))
    assert len(trained) > 60_000 and len(kept) > 3_000
    assert len(trained & kept) <= 2  # of the pen's shortest strokes, some are the same by chance
    photos = [{path.name for path in ground.photo_paths(m)} for m in (False, True)]
    assert photos[0].isdisjoint(photos[1]) and min(map(len, photos)) > 90
    assert sum(map(len, photos)) == len(pd.read_csv(hands.OPEN / "notdigit" / "manifest.csv"))


def test_no_digit_of_the_test_set_is_drawn():
    with np.load(ROOT / "data" / "mnist.npz") as mnist:
        test = {picture.tobytes() for picture in mnist["x_test"]}
    drawn = {picture.tobytes() for digit in hands._mnist() for picture in digit}
    assert len(drawn & test) <= 1 and len(drawn) > 53_000  # MNIST itself holds one twice


def test_no_validation_digit_of_the_notebooks_is_drawn():
    with np.load(ROOT / "data" / "mnist.npz") as mnist:
        images, labels = mnist["x_train"], mnist["y_train"]
    _, held, _, _ = train_test_split(
        images, labels, test_size=6000, stratify=labels, random_state=0
    )
    drawn = {picture.tobytes() for digit in hands._mnist() for picture in digit}
    assert not drawn & {picture.tobytes() for picture in held}


# --- Patches --------------------------------------------------------------------------------------


def test_a_target_has_its_peak_in_a_digit_s_middle():
    answer = patches.target(np.array([[30.0, 60.0, 20.0, 40.0], [100.0, 100.0, 8.0, 10.0]]), [3, 5])
    peak = np.unravel_index(answer[..., patches.HEAT].argmax(), answer.shape[:2])
    assert peak == (80 // 4, 40 // 4)
    assert answer[peak][patches.DIGIT] == 3
    x, y, wide, high = answer[peak][patches.BOX].astype(float)
    assert np.allclose(np.exp([wide, high]) * 32, [20, 40], rtol=0.01)
    middle = (np.array(peak[::-1]) + 0.5) * 4 + np.array([x, y]) * 32
    assert np.allclose(middle, [40, 80], atol=0.1)
    assert answer[26, 26, patches.SMALL] == 1 and answer[20, 10, patches.SMALL] == 0
    assert answer[26, 26, patches.HEAT] == 0


def test_what_is_cut_off_counts_for_nothing():
    answer = patches.target(np.array([[-10.0, 60.0, 20.0, 40.0]]), [3])
    assert answer[..., patches.HEAT].max() == 0 and answer[20, 1, patches.COUNTS] == 0


def test_patches_show_what_their_targets_say():
    canvas = np.full((400, 300), 255, np.uint8)
    cv2.rectangle(canvas, (200, 300), (229, 359), 0, -1)
    page = Page(canvas, [8], np.array([[200, 300, 30, 60]]), "single")
    for picture, answer in patches.patches_of(page, np.random.default_rng(0), 20):
        assert picture.shape == (patches.PATCH, patches.PATCH)
        for row, column in np.argwhere(answer[..., patches.HEAT] == 1):
            assert picture[row * 4 + 2, column * 4 + 2] < 50


# --- The network that learns from them ------------------------------------------------------------


def right_answers(target):
    """Logits and boxes that say what a target says."""
    answers = np.zeros((*target.shape[:2], finder.ANSWERS), np.float32)
    answers[..., finder.MIDDLE] = np.where(target[..., patches.HEAT] == 1, 9, -9)
    answers[..., finder.SMALL] = np.where(target[..., patches.SMALL] == 1, 9, -9)
    answers[..., finder.BOX] = target[..., patches.BOX]
    digits = target[..., patches.DIGIT].astype(int)
    answers[..., finder.DIGIT] = 9 * np.eye(11)[digits][..., :10]
    return answers


def test_the_loss_of_right_answers_is_least():
    boxes = np.array([[30.0, 60.0, 20.0, 40.0], [100.0, 20.0, 9.0, 10.0]])
    target = patches.target(boxes, [3, 5])
    right = right_answers(target)

    def loss(answers):
        return float(finder.loss(target[None].astype(np.float32), answers[None]))

    least = loss(right)
    assert least < 0.05
    for planes in (finder.MIDDLE, finder.SMALL, finder.BOX, finder.DIGIT):
        wrong = right.copy()
        wrong[..., planes] = np.roll(right, 10, axis=0)[..., planes]
        assert loss(wrong) > least + 0.1
    # What is cut off may be found or not: it costs nothing.
    cut_off = patches.target(np.array([[-10.0, 60.0, 20.0, 40.0]]), [3]).astype(np.float32)
    found = right_answers(cut_off)
    before = float(finder.loss(cut_off[None], found[None]))
    found[20, 0, finder.MIDDLE] = 9
    assert float(finder.loss(cut_off[None], found[None])) == pytest.approx(before, abs=1e-3)


def test_the_finder_learns_from_patches():
    pictures, targets = patches.some_patches(1, 16, each=2, share_none=0.25, measured=False)
    model = finder.network()

    def mean_loss():
        answers = model(pictures[..., None].astype(np.float32), training=True)
        return float(finder.loss(targets.astype(np.float32), answers))

    before = mean_loss()
    finder.train(model, pictures, targets, epochs=12, peak=2e-3, seed=1)
    assert mean_loss() < 0.8 * before
    answers = model(pictures[:2, ..., None].astype(np.float32))
    assert answers.shape == (2, patches.GRID, patches.GRID, finder.ANSWERS)
    x, y = next(finder.batches(pictures, targets, np.random.default_rng(0)))
    assert x.dtype == np.float32 and x.min() >= 0 and x.max() <= 255 and len(x) == len(y) == 32


# --- Measuring ------------------------------------------------------------------------------------


def digit(value: int, box: tuple) -> Digit:
    return Digit(value, 0.9, box, np.empty(0), np.empty(0))


def test_a_digit_is_found_where_it_is_and_as_it_is():
    page = Page(
        np.empty((9, 9)), [1, 1, 2], np.array([[0, 0, 5, 9], [20, 0, 5, 9], [40, 0, 5, 9]]), ""
    )
    read = [digit(1, (0, 0, 5, 9)), digit(1, (60, 0, 5, 9)), digit(7, (40, 0, 5, 9))]
    assert measure.found_digits(page, read) == 1
    assert measure.found_digits(page, []) == 0
    boxes = np.array([[5, 0, 10, 10], [0, 0, 10, 10], [30, 0, 5, 5]])
    assert crops.overlaps(np.array([0, 0, 10, 10]), boxes) == pytest.approx([1 / 3, 1, 0])


def test_figures_are_counted_by_kind():
    rows = pd.DataFrame(
        [
            {"kind": "row", "written": "12", "read": "12", "found": 2},
            {"kind": "row", "written": "34", "read": "3", "found": 1},
            {"kind": "none", "written": "", "read": "", "found": 0},
        ]
    )
    table = measure.table_of_pages(rows).set_index("kind")
    assert table.loc["row", "exact"] == 0.5 and table.loc["row", "f1"] == pytest.approx(6 / 7)
    assert table.loc["none", "exact"] == 1 and table.loc["all", "exact"] == pytest.approx(2 / 3)


def test_pictures_kept_for_measuring_are_read():
    items = measure.open_pictures()
    groups = {group for group, _, _ in items}
    assert {"Swiss writer 4", "drawn", "phone, sheets", "no digit, trashnet"} <= groups
    written = [measure.measure_picture(item) for item in items[:40]]
    rows = pd.DataFrame(written)
    rows["usual"] = measure.usual_answers([picture for _, picture, _ in items[:40]])
    table = measure.table_of_pictures(rows)
    assert table["pictures"].sum() == 40 and table["exact"].iloc[0] > 0.5
    assert table["the usual way"].iloc[0] < table["exact"].iloc[0]
    nothing = rows.assign(written="", read=["", *rows["read"][1:]])
    blank = measure.table_of_pictures(nothing)
    assert blank["exact"].iloc[0] < 0.2 and blank["the usual way"].isna().all()


# --- What the reader learns from ------------------------------------------------------------------


def test_what_the_finder_cuts_out_is_labelled_by_the_truth(monkeypatch):
    sheet = np.full((200, 300), 255, np.uint8)
    sheet[50:110, 40:80] = 0  # a digit
    sheet[50:110, 200:240] = 0  # something else
    page = Page(sheet, [3], np.array([[40, 50, 40, 60]]), "row")
    found = [(41, 52, 40, 58), (200, 50, 40, 60), (60, 50, 40, 60)]  # the third: half of the digit
    places = [Place(np.array(box, float), 0.9) for box in found]
    monkeypatch.setattr(crops, "find_candidates", lambda picture, finder: places)
    pictures, labels = crops.crops_of(page, network.finder(), np.random.default_rng(0))
    # First the digit as it lies there, then what was found; half a digit is none, as the whole
    # digit was found as well.
    assert labels == [3, 3, crops.NO_DIGIT, crops.NO_DIGIT]
    assert all(crop.shape == (28, 28) and crop.dtype == np.uint8 for crop in pictures)
    amid, again = crops.crops_of(
        page, network.finder(), np.random.default_rng(0), with_surroundings
    )
    assert again == labels and all(picture.shape == (64, 64) for picture in amid)
    # The digit in the middle is black, and white paper lies around it, as far as it goes.
    assert amid[1][32, 32] < 20 and amid[1][4, 60] > 235


def test_a_digit_that_is_found_badly_alone_is_neither():
    digit, page = np.array([40.0, 50, 40, 60]), Page(np.zeros((200, 300)), [3], None, "row")
    page.boxes = digit[None].astype(int)
    half, other = digit + [20, 0, 0, 0], digit + [150, 0, 0, 0]
    assert crops.labels_of([half, other], page) == [None, crops.NO_DIGIT]
    assert crops.labels_of([half, other, digit + [2, 0, 0, 0]], page) == [
        crops.NO_DIGIT,
        crops.NO_DIGIT,
        3,
    ]
    assert crops.labels_of([], page) == []
    assert crops.labels_of([half], Page(page.picture, [], np.empty((0, 4)), "none")) == [10]


def test_the_judge_learns_from_what_is_cut_out():
    pictures, labels = crops.some_crops(
        9, 10, False, network.FINDER_FILE, with_surroundings, judge.SHARE_NONE
    )
    model = judge.network()
    judge.train(model, pictures, labels, epochs=40, peak=2e-3, seed=1)
    answers = np.asarray(model(pictures[..., None].astype(np.float32), training=True))
    assert answers.shape == (len(labels), 11) and np.allclose(answers.sum(axis=1), 1, atol=1e-4)
    most = np.bincount(labels).max() / len(labels)  # right if one answer were given always
    assert (answers.argmax(axis=1) == labels).mean() > most + 0.2
    x, y = next(judge.batches(pictures, labels, np.random.default_rng(0)))
    assert x.shape == (128, 64, 64, 1) and x.min() >= 0 and 200 < x.max() <= 255
    assert np.array_equal(y.sum(axis=1), np.ones(128))


def test_the_three_networks_are_weighed_by_how_well_they_tell():
    logits, labels = weights.some_places(weights.SEED)
    assert logits.shape == (len(labels), 3) and np.isfinite(logits).all()
    assert 0.2 < (labels < crops.NO_DIGIT).mean() < 1 and labels.max() == crops.NO_DIGIT
    rng = np.random.default_rng(0)
    is_digit = rng.random(2000) < 0.6
    told = rng.normal(0, 2, (2000, 3))
    told[:, 1] += np.where(is_digit, 3, -3)  # only the second tells
    first, second, third = weights.weigh(told, np.where(is_digit, 4, crops.NO_DIGIT)).coef_[0]
    assert second > 1 > 5 * max(abs(first), abs(third))


def test_crops_are_made_alike_from_a_seed_and_hold_real_photos():
    first, again = (
        crops.some_crops(4, 6, False, network.FINDER_FILE, cut_out, 0.3) for _ in range(2)
    )
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert len(first[0]) == len(first[1]) > 10 and set(first[1]) <= set(range(11))
    phone = crops.phone_page(network.finder(), np.random.default_rng(1))
    assert len(phone.digits) == len(phone.boxes) == 1
    groups = {path.stem.split("_")[1] for path in crops.phone_paths()}
    assert set(crops.MEASURED_GROUPS) < groups
