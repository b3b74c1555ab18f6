"""Train the *judge*, the network that sees a place with its surroundings.

    python -m tools.ship.judge [--pages N] [--seed N]

cuts out what the finder finds on drawn pages, with what lies around it, trains on it which digit it
is or that it is none, and writes build/judge.keras and models/shipped/judge.tflite. The reader sees
one digit as ink and can tell no box wall from a 1; the finder sees the surroundings, but has to
answer for thousands of places at once. The judge looks only where the finder suspects a digit.
"""

import argparse
import time
from collections.abc import Iterator

import cv2
import numpy as np

from reading.crop import WIDE_SIDE, with_surroundings
from reading.files import ROOT, write_whole
from reading.network import JUDGE_FILE
from tools.pages.crops import many_crops
from tools.ship import litert
from tools.ship.finder import in_another_light, train_on

BATCH = 128
SHARE_NONE = 0.45  # of the pages have no digit
PLAIN = 4  # digits and signs on plain paper for each page
LABEL_SMOOTHING = 0.02
MAX_TURN, MAX_STRETCH = 0.16, 0.1  # radians, share of the size; most are turned and stretched less
# Times that each place is seen, and the highest learning rate, of each run of the schedule (warm
# restarts: Loshchilov and Hutter 2017, arXiv:1608.03983).
RUNS = (4, 2e-3), (3, 1.2e-3)


def network():
    """The judge without weights.

    It takes grey pictures, float32 of shape (n, 64, 64, 1), 0 to 255, and gives probabilities of
    shape (n, 11): ten digits and "no digit".
    """
    import keras
    from keras import layers

    def convolve(x, filters, size=3, strides=1):
        x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    picture = layers.Input((WIDE_SIDE, WIDE_SIDE, 1))
    x = convolve(layers.Rescaling(1 / 128, offset=-1.0)(picture), 16, size=5, strides=2)
    x = convolve(convolve(x, 32, strides=2), 32)
    x = convolve(convolve(x, 64, strides=2), 64)
    x = convolve(convolve(x, 128, strides=2), 128)
    x = layers.Dropout(0.4)(layers.Flatten()(x))
    return keras.Model(picture, layers.Dense(11, activation="softmax")(x), name="judge")


def batches(
    pictures: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches without end, each picture in another light, turned and stretched a little."""
    while True:
        order = rng.permutation(len(pictures))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            x = in_another_light(pictures[chosen], rng)
            x = np.stack([_warped(picture, rng) for picture in x])
            yield x[..., None], np.eye(11, dtype=np.float32)[labels[chosen]]


def _warped(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A square picture turned, stretched and moved a little about its middle."""
    turn, middle = rng.normal(0, MAX_TURN / 2), len(picture) / 2
    way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    way *= np.exp(rng.normal(0, MAX_STRETCH / 2, (2, 1)))
    shift = middle - way @ [middle, middle] + rng.uniform(-1, 1, 2)
    way = np.column_stack([way, shift])
    return cv2.warpAffine(picture, way, picture.shape, borderMode=cv2.BORDER_REPLICATE)


def train(
    model, pictures: np.ndarray, labels: np.ndarray, epochs: int, peak: float, seed: int
) -> None:
    """Train a judge; says its loss now and then.

    Args:
        pictures, labels: as `many_crops` gives them, with surroundings.
        epochs: times that each place is seen.
        peak: the highest learning rate; it rises to it, then falls to zero.
    """
    import keras

    cv2.setNumThreads(1)
    steps = len(pictures) // BATCH * epochs
    rate = keras.optimizers.schedules.CosineDecay(1e-5, steps, warmup_target=peak, warmup_steps=200)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=LABEL_SMOOTHING)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=2e-3), loss)

    def step(x: np.ndarray, y: np.ndarray) -> float:
        model.reset_metrics()  # the loss of this batch, not the mean of all so far
        return model.train_on_batch(x, y)

    train_on(step, batches(pictures, labels, np.random.default_rng(seed)), steps)


def main(arguments: list[str] | None = None) -> int:
    import keras

    parser = argparse.ArgumentParser(prog="python -m tools.ship.judge")
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=300)
    options = parser.parse_args(arguments)
    keras.utils.set_random_seed(options.seed)
    start = time.perf_counter()
    drawn = many_crops(
        1000 * options.seed,
        options.pages,
        cut=with_surroundings,
        share_none=SHARE_NONE,
        plain=PLAIN,
    )
    print(f"{len(drawn[1])} places, {time.perf_counter() - start:.0f} s", flush=True)
    model = network()
    for number, (epochs, peak) in enumerate(RUNS):
        train(model, *drawn, epochs, peak, options.seed + number)
    write_whole(ROOT / "build" / "judge.keras", model.save)
    write_whole(JUDGE_FILE, lambda draft: litert.export(model, draft))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
