"""Weigh what the three networks say of a place, so that together they promise what holds.

    python -m tools.ship.weights [PAGES]

reads new pages by writers of the training, and prints the weights for reading/read.py: of the
logistic regression of "there is a digit" on the logits of the finder's score and of "some digit" of
the reader and of the judge.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression

from reading import network
from reading.crop import cut_out, with_surroundings
from reading.find import find_places
from reading.prepare import to_input
from reading.read import _logit
from tools.pages.crops import NO_DIGIT, label_of
from tools.pages.patches import any_page

SEED = 60_000  # far from the seeds of the training
CHUNK = 50  # pages that one process reads at a time
SHARE_NONE = 0.3  # of the pages


def some_places(seed: int) -> tuple[np.ndarray, ...]:
    """What the networks say of places on `CHUNK` pages, and what is there.

    Returns:
        The finder's scores, shape (n,); the reader's and the judge's answers, each (n, 11); labels,
        (n,), 0 to 9 or `NO_DIGIT`.
    """
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(CHUNK):
        page = any_page(rng, SHARE_NONE)
        places = find_places(page.picture, network.finder().predict_on_batch)
        if not places:
            continue
        images = np.stack([cut_out(page.picture, place.box) for place in places])
        read = network.reader().predict_on_batch(to_input(images))
        amid = np.stack([with_surroundings(page.picture, place.box) for place in places])
        judged = network.judge().predict_on_batch(amid[..., None].astype(np.float32))
        for place, *answers in zip(places, read, judged, strict=True):
            label = label_of(place.box, page)
            if label is not None:
                parts.append((place.score, *answers, label))
    return tuple(np.array(part) for part in zip(*parts, strict=True))


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 2000
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        parts = list(processes.map(some_places, range(SEED, SEED + count // CHUNK)))
    scores, read, judged, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    is_digit = labels < NO_DIGIT
    some_digit = [answers[:, :10].sum(axis=1) for answers in (read, judged)]
    logits = np.stack([_logit(part) for part in (scores, *some_digit)], axis=1)
    model = LogisticRegression(C=1e6).fit(logits, is_digit)
    weights = ", ".join(f"{weight:.2f}" for weight in (*model.intercept_, *model.coef_[0]))
    print(f"{len(labels)} places, {is_digit.mean():.1%} of them digits")
    print(f"BIAS, OF_SCORE, OF_READER, OF_JUDGE = {weights}")
    for name, chosen in (("digits kept", is_digit), ("others dropped", ~is_digit)):
        print(f"{name}: {(model.predict(logits) == is_digit)[chosen].mean():.2%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
