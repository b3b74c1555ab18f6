"""The second step: where digits may be. What the network learned is judged elsewhere; here, that
its answers are asked for at the right sizes, and come back as boxes in the picture."""

import cv2
import numpy as np
import pytest

from reading import find, network


def ideal_finder(x: np.ndarray) -> np.ndarray:
    """Answers as a finder would that makes no mistake, about black rectangles on white paper."""
    picture = x[0, ..., 0]
    assert picture.shape[0] % find.BLOCK == picture.shape[1] % find.BLOCK == 0
    answer = np.zeros((picture.shape[0] // 4, picture.shape[1] // 4, find.ANSWERS), np.float32)
    answer[..., [find.MIDDLE, find.SMALL]] = -9
    boxes = cv2.connectedComponentsWithStats((picture < 128).astype(np.uint8))[2][1:, :4]
    for left, top, wide, high in boxes.astype(float):
        x, y = left + wide / 2, top + high / 2
        row, column = int(y / 4), int(x / 4)
        if max(wide, high) < 16:
            answer[row, column, find.SMALL] = 9
        elif max(wide, high) <= 44:
            answer[row, column, find.MIDDLE] = 9
            away = np.array([x, y]) - (np.array([column, row]) + 0.5) * 4
            sizes = np.log(np.array([wide, high]) / find.UNIT)
            answer[row, column, find.BOX] = [*away / find.UNIT, *sizes]
    return answer[None]


def sheet_with(boxes: list[tuple], shape: tuple[int, int]) -> np.ndarray:
    sheet = np.full(shape, 255, np.uint8)
    for left, top, wide, high in boxes:
        sheet[top : top + high, left : left + wide] = 0
    return sheet


@pytest.mark.parametrize(
    "shape, boxes",
    [
        ((28, 28), [(10, 4, 6, 20)]),
        ((60, 300), [(3, 20, 12, 25), (278, 22, 20, 30)]),  # one at the border
        ((600, 500), [(100, 100, 200, 300)]),
        ((600, 500), [(2, 2, 30, 50), (457, 547, 40, 50), (200, 300, 14, 20)]),
        ((1700, 1200), [(100, 90, 12, 18), (500, 800, 20, 24), (900, 300, 150, 200)]),
        ((3000, 4000), [(2000, 1000, 600, 1500)]),
        ((3000, 4000), [(100, 200, 50, 60), (3000, 2500, 40, 70)]),
    ],
)
def test_digits_of_any_size_are_found_where_they_are(shape, boxes):
    places = find.find_places(sheet_with(boxes, shape), ideal_finder)
    assert all(place.score > 0.9 for place in places)
    found = sorted(tuple(place.box) for place in places)
    assert len(found) == len(boxes)
    for box, expected in zip(found, sorted(boxes), strict=True):
        # A pixel of the picture as the finder sees it is the least that can be told.
        assert np.abs(np.array(box) - expected).max() < 0.12 * max(expected[2:]), (box, expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 40), (5000, 40)])
def test_pictures_of_odd_shapes_come_to_an_end(shape):
    assert find.find_places(np.full(shape, 255, np.uint8), ideal_finder) == []
    assert isinstance(
        find.find_places(np.zeros(shape, np.uint8), network.finder().predict_on_batch), list
    )


def test_small_digits_cost_a_closer_look_there_alone():
    """In a large picture, only the part with what was too small is looked at more closely."""
    looked_at = []

    def watched(x):
        looked_at.append(x.shape[1] * x.shape[2])
        return ideal_finder(x)

    find.find_places(sheet_with([(100, 100, 300, 400)], (2400, 2000)), watched)
    large = sum(looked_at)
    looked_at.clear()
    find.find_places(sheet_with([(1900, 2300, 25, 30)], (2400, 2000)), watched)
    assert large < sum(looked_at) < 2 * large


def place(left, top, wide, high, score):
    return find.Place(np.array([left, top, wide, high], float), score)


def kept_of(places):
    boxes, scores = np.array([p.box for p in places]), np.array([p.score for p in places])
    return [places[i] for i in find.suppressed(boxes, scores)]


def test_of_places_that_overlap_the_likeliest_stays():
    likely, doubled, within = (
        place(0, 0, 20, 30, 0.9),
        place(2, 1, 20, 30, 0.8),
        place(5, 5, 8, 10, 0.7),
    )
    beside, touching = place(40, 0, 20, 30, 0.2), place(16, 0, 20, 30, 0.3)
    kept = kept_of([doubled, beside, likely, touching, within])
    assert kept == [likely, touching, beside]


def test_two_answers_about_a_thin_digit_are_one_and_two_thin_digits_are_two():
    """As measured: a 1 on the pad, and one in a picture of 50 megapixels, were read as 11."""
    one = place(220, 46, 24, 226, 0.5)
    assert kept_of([one, place(232, 49, 41, 211, 0.4)]) == [one]
    loose = place(1258, 1675, 1012, 2641, 0.6)
    assert kept_of([loose, place(2015, 1898, 261, 2048, 0.5)]) == [loose]
    pair = [one, place(300, 46, 24, 226, 0.4)]
    assert kept_of(pair) == pair


def test_the_finder_that_ships_knows_digits_from_a_blank_sheet():
    sheet = np.full((200, 300), 255, np.uint8)
    finder = network.finder().predict_on_batch
    assert max((p.score for p in find.find_places(sheet, finder)), default=0) < 0.3
    cv2.putText(sheet, "7", (120, 130), cv2.FONT_HERSHEY_SIMPLEX, 3, 0, 6)
    (best, *_) = find.find_places(sheet, finder)
    rows, columns = np.nonzero(sheet < 128)
    ink = np.array([columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1])
    assert best.score > 0.5 and np.abs(best.box - ink).max() < 12
