"""Weigh what the finder and the reader say of a place, so that together they promise what holds.

    python -m tools.ship.weights [PAGES]

reads new pages by writers of the training, and prints the weights for reading/read.py: those of the
logistic regression of "there is a digit" on the logits of the finder's score and of the reader's
"some digit".
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cv2
import numpy as np

from reading import network
from reading.crop import cut_out
from reading.find import find_places
from reading.prepare import to_input
from reading.read import _logit
from tools.pages.crops import MAX_OVERLAP, MIN_OVERLAP, overlaps
from tools.pages.patches import any_page

SEED = 60_000  # far from the seeds of the training
CHUNK = 50  # pages that one process reads at a time
SHARE_NONE = 0.3  # of the pages


def some_places(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of places on `CHUNK` pages: the two logits, shape (n, 2), and whether a digit is there."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    rows, are_digits = [], []
    for _ in range(CHUNK):
        page = any_page(rng, SHARE_NONE)
        places = find_places(page.picture, network.finder().predict_on_batch)
        if not places:
            continue
        images = np.stack([cut_out(page.picture, place.box) for place in places])
        answers = network.reader().predict_on_batch(to_input(images))
        for place, answer in zip(places, answers, strict=True):
            shared = overlaps(place.box, page.boxes) if len(page.boxes) else np.zeros(1)
            if not MAX_OVERLAP < shared.max() < MIN_OVERLAP:
                rows.append([place.score, answer[:10].sum()])
                are_digits.append(shared.max() >= MIN_OVERLAP)
    return _logit(np.array(rows)), np.array(are_digits)


def main(arguments: list[str]) -> int:
    from sklearn.linear_model import LogisticRegression

    count = int(arguments[0]) if arguments else 2000
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        parts = list(processes.map(some_places, range(SEED, SEED + count // CHUNK)))
    logits, are_digits = (np.concatenate(part) for part in zip(*parts, strict=True))
    model = LogisticRegression(C=1e6).fit(logits, are_digits)
    (bias,), ((of_score, of_reader),) = model.intercept_, model.coef_
    print(f"{len(logits)} places, {are_digits.mean():.1%} of them digits")
    print(f"BIAS, OF_SCORE, OF_READER = {bias:.2f}, {of_score:.2f}, {of_reader:.2f}")
    for name, chosen in (("digits kept", are_digits), ("others dropped", ~are_digits)):
        right = (model.predict(logits) == are_digits)[chosen].mean()
        print(f"{name}: {right:.2%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
