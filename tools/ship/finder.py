"""Train the *finder*, the network that says where on a page digits are.

    python -m tools.ship.finder [--pages N] [--epochs N] [--seed N] [--again]

draws pages (`tools/pages/`), trains on patches of them, then twice on those of new pages that it
finds hard, and writes build/finder.keras and models/shipped/finder.tflite; --again does the last of
these rounds alone. The network looks for the middle of each digit whose longer side has 16 to 44
pixels (CenterNet: Zhou, Wang, Krähenbühl 2019); a picture is shown to it at several sizes.
"""

import argparse
import queue
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

from reading.files import ROOT, write_whole
from reading.find import ANSWERS as ANSWERS_READ
from reading.find import BOX, MIDDLE, SMALL
from reading.network import FINDER_FILE
from tools.pages import patches
from tools.ship import litert

BATCH = 32
# After the first training, rounds with what is hard: new pages, as a share of those of the first;
# times that each patch is seen; the highest learning rate.
ROUNDS = (1 / 3, 1.5, 6e-4), (1, 2, 1.2e-3)
FILTERS = 16, 24, 48, 96  # at 1/2, 1/4, 1/8, and at 1/16 and 1/32 of the picture's size
# Answers for a place: those of reading/find.py, and logits of the ten digits, from which it learns
# what it is that it looks for. (Asked to vote which digit it is, it overruled the reader wrongly.)
DIGIT = slice(ANSWERS_READ, ANSWERS_READ + 10)
ANSWERS = DIGIT.stop


def network():
    """The finder without weights.

    It takes grey pictures, float32 of shape (n, H, W, 1), 0 to 255, sides multiples of 32, and
    gives logits and boxes of shape (n, H / 4, W / 4, 16).
    """
    import keras
    from keras import layers

    def convolve(x, count, size=3, strides=1):
        x = layers.Conv2D(count, size, strides, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    def residual(x):
        y = layers.Conv2D(x.shape[-1], 3, padding="same", use_bias=False)(convolve(x, x.shape[-1]))
        return layers.ReLU()(layers.Add()([x, layers.BatchNormalization(momentum=0.95)(y)]))

    def merge(coarse, fine):
        """Twice as large, added to what was seen at that size."""
        larger = layers.Conv2DTranspose(fine.shape[-1], 2, strides=2)(coarse)
        return convolve(layers.Add()([larger, fine]), fine.shape[-1])

    half, quarter, eighth, few = FILTERS
    picture = layers.Input((None, None, 1))
    x = convolve(layers.Rescaling(1 / 128, offset=-1.0)(picture), half, size=5, strides=2)
    at_4 = convolve(convolve(x, quarter, strides=2), quarter)
    at_8 = residual(convolve(at_4, eighth, strides=2))
    at_16 = residual(residual(convolve(at_8, few, strides=2)))
    at_32 = residual(convolve(at_16, few, strides=2))
    x = merge(merge(merge(at_32, at_16), at_8), at_4)
    x = convolve(x, eighth)
    answers = layers.Conv2D(ANSWERS, 1)
    model = keras.Model(picture, answers(x), name="finder")
    # At the start it holds digits to be as rare as they are.
    kernel, bias = answers.get_weights()
    bias[[MIDDLE, SMALL]] = -4, -3
    answers.set_weights([kernel, bias])
    return model


def mistakes(target, answers):
    """Focal loss of each patch for the middles that are missed or invented, float32, shape (n,).

    A middle that is found with ease, and ground that is plainly none, count for little.
    """
    import tensorflow as tf

    heat, middle = target[..., patches.HEAT], answers[..., MIDDLE]
    probability, is_middle = tf.sigmoid(middle), tf.cast(heat >= 0.999, tf.float32)
    missed = is_middle * (1 - probability) ** 2 * tf.nn.softplus(-middle)
    # Near a middle, a wrong answer costs less; what is neither digit nor ground costs nothing.
    weight = (1 - is_middle) * target[..., patches.COUNTS] * (1 - heat) ** 4
    invented = weight * probability**2 * tf.nn.softplus(middle)
    return tf.reduce_sum(missed + invented, axis=(1, 2))


def loss(target, answers):
    """`mistakes`, cross-entropy for what is small and which digit, and L1 for boxes.

    Args:
        target: float32, shape (n, 40, 40, 9), see tools/pages/patches.py.
        answers: float32, shape (n, 40, 40, 16).
    """
    import tensorflow as tf

    heat = target[..., patches.HEAT]
    found = tf.reduce_sum(mistakes(target, answers))
    found /= tf.reduce_sum(tf.cast(heat >= 0.999, tf.float32)) + 1
    digit = tf.cast(target[..., patches.DIGIT], tf.int32)
    near = tf.cast(digit < 10, tf.float32) * heat
    total = tf.reduce_sum(near) + 1
    apart = tf.reduce_sum(tf.abs(answers[..., BOX] - target[..., patches.BOX]), axis=-1)
    which = tf.nn.sparse_softmax_cross_entropy_with_logits(
        tf.minimum(digit, 9), answers[..., DIGIT]
    )
    small = tf.nn.sigmoid_cross_entropy_with_logits(target[..., patches.SMALL], answers[..., SMALL])
    small = tf.reduce_mean(target[..., patches.SMALL_COUNTS] * small)
    boxes, digits = (tf.reduce_sum(near * part) / total for part in (apart, which))
    return found + 2 * boxes + 0.5 * digits + 3 * small


def in_another_light(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pictures lighter, darker, harder, softer, or as negatives: float32, 0 to 255."""
    x = pictures.astype(np.float32) / 255
    gamma, gain, lift = (
        rng.uniform(*limits, (len(x), 1, 1)) for limits in ((0.7, 1.4), (0.6, 1.05), (0, 0.1))
    )
    x = x**gamma * gain + lift
    negative = rng.random(len(x)) < 0.12
    x[negative] = 1 - x[negative]
    return (255 * np.clip(x, 0, 1)).astype(np.float32)


def batches(
    pictures: np.ndarray, targets: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches without end, each picture in another light."""
    while True:
        order = rng.permutation(len(pictures))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            x = in_another_light(pictures[chosen], rng)[..., None]
            yield x, targets[chosen].astype(np.float32)


def train_on(step: Callable, made: Iterator, steps: int) -> None:
    """Take training steps on batches that are made beside them; says the loss now and then.

    (`fit` would take them from a generator as well, but TensorFlow then gives memory back after
    each use, and a step takes half as long again.)

    Args:
        step: takes a batch, gives its loss.
        made: batches without end.
    """
    waiting: queue.Queue = queue.Queue(8)

    def make() -> None:
        try:
            for batch in made:
                waiting.put(batch)
        except Exception as error:  # else the steps would wait for ever
            waiting.put(error)

    threading.Thread(target=make, daemon=True).start()
    start, total = time.perf_counter(), 0.0
    for number in range(1, steps + 1):
        batch = waiting.get()
        if isinstance(batch, Exception):
            raise batch
        total += float(step(*batch))
        if number % 100 == 0:
            seconds = time.perf_counter() - start
            print(f"step {number} of {steps}: loss {total / 100:.3f}, {seconds:.0f} s", flush=True)
            total = 0.0


def train(
    model, pictures: np.ndarray, targets: np.ndarray, epochs: float, peak: float, seed: int
) -> None:
    """Train a finder; says its loss now and then.

    Args:
        pictures, targets: as `patches.many_patches` gives them.
        epochs: times that each patch is seen.
        peak: the highest learning rate; it rises to it, then falls to zero.
    """
    import keras
    import tensorflow as tf

    steps = int(len(pictures) * epochs / BATCH)
    rate = keras.optimizers.schedules.CosineDecay(
        1e-5, steps, warmup_target=peak, warmup_steps=min(200, steps // 10)
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    train_on(step, batches(pictures, targets, np.random.default_rng(seed)), steps)


def for_reading(model):
    """The same network with what reading asks for: the logits, and in a second answer the box.

    Apart, since whole numbers of 8 bits have to hold the largest and the smallest of an answer.
    """
    import keras
    from keras import layers

    kernel, bias = model.layers[-1].get_weights()
    parts = []
    for planes in (slice(0, BOX.start), BOX):
        part = layers.Conv2D(planes.stop - planes.start, 1)
        parts.append(part(model.layers[-1].input))
        part.set_weights([kernel[..., planes], bias[planes]])
    return keras.Model(model.inputs, parts)


def hardest(model, pictures: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The half of the patches in which a finder makes the worst mistakes."""
    costs = []
    for start in range(0, len(pictures), 4 * BATCH):
        part = np.s_[start : start + 4 * BATCH]
        answers = model(pictures[part][..., None].astype(np.float32), training=False)
        costs.append(mistakes(targets[part].astype(np.float32), answers))
    chosen = np.argsort(np.concatenate(costs))[len(pictures) // 2 :]
    return pictures[chosen], targets[chosen]


def main(arguments: list[str] | None = None) -> int:
    import keras

    parser = argparse.ArgumentParser(prog="python -m tools.ship.finder")
    parser.add_argument("--pages", type=int, default=12_000)
    parser.add_argument("--epochs", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="only the last round")
    options = parser.parse_args(arguments)
    path, start = ROOT / "build" / "finder.keras", time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    model = network()

    def draw(pages: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        drawn = patches.many_patches(1000 * seed, pages)
        seconds = time.perf_counter() - start
        print(f"{len(drawn[0])} patches of {pages} pages, {seconds:.0f} s", flush=True)
        return drawn

    if options.again:
        model.load_weights(path)
    else:
        train(model, *draw(options.pages, options.seed), options.epochs, 3e-3, options.seed)
        write_whole(path, model.save)
    for number, (share, epochs, peak) in enumerate(ROUNDS, 1):
        if options.again and number < len(ROUNDS):
            continue
        # New pages, and once more what of them is still hard.
        pictures, targets = draw(round(share * options.pages), options.seed + number)
        hard = hardest(model, pictures, targets)
        both = (np.concatenate(pair) for pair in zip(hard, (pictures, targets), strict=True))
        train(model, *both, epochs, peak, options.seed + number)
        write_whole(path, model.save)
    examples = pictures[:: len(pictures) // 200, ..., None].astype(np.float32)
    write_whole(
        FINDER_FILE, lambda draft: litert.export_as_integers(for_reading(model), examples, draft)
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
