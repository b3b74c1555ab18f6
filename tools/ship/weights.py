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
from reading.find import find_candidates
from reading.read import ask_about, evidence
from tools.pages.crops import NO_DIGIT, labels_of
from tools.pages.patches import any_page

SEED = 60_000  # far from the seeds of the training
CHUNK = 50  # pages that one process reads at a time
SHARE_NONE = 0.3  # of the pages


def some_places(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What the networks say of places on `CHUNK` pages, and what is there.

    Returns:
        Their `evidence`, shape (n, 3); labels, shape (n,), 0 to 9 or `NO_DIGIT`.
    """
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    logits, labels = [np.empty((0, 3), np.float32)], []
    for _ in range(CHUNK):
        page = any_page(rng, SHARE_NONE)
        places = find_candidates(page.picture, network.finder().predict_on_batch)
        told = zip(places, labels_of([place.box for place in places], page), strict=True)
        told = [(place, label) for place, label in told if label is not None]
        if told:
            chosen, more = zip(*told, strict=True)
            _, *answers = ask_about(chosen, page.picture)
            logits.append(evidence(chosen, *answers))
            labels += more
    return np.concatenate(logits), np.array(labels, int)


def weigh(logits: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    """The regression of "there is a digit" on evidence, shape (n, 3)."""
    return LogisticRegression(C=1e6).fit(logits, labels < NO_DIGIT)


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 2000
    seeds = range(SEED, SEED + -(-count // CHUNK))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        parts = list(processes.map(some_places, seeds))
    logits, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    model, is_digit = weigh(logits, labels), labels < NO_DIGIT
    weights = ", ".join(f"{weight:.2f}" for weight in model.coef_[0])
    print(f"{len(labels)} places, {is_digit.mean():.1%} of them digits")
    print(f"BIAS, WEIGHTS = {model.intercept_[0]:.2f}, ({weights})")
    for name, chosen in (("digits kept", is_digit), ("others dropped", ~is_digit)):
        print(f"{name}: {(model.predict(logits) == is_digit)[chosen].mean():.2%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
