"""How long do recipes train that read about 99.0 % of the test digits? And what do minutes buy?

    python -m tools.measure.race RECIPE SEED

trains one recipe and prints a line of JSON; `measure` does so for every recipe and seed in turn,
each in a process of its own, so that all begin alike. The clock runs from the first layer to the
end of the training, graph building included.

In the race to 99.0 %: the example of the Keras site, the fastest published recipe that was found,
and net (d) of notebook 04. For accuracy: the example with all its 15 epochs, and the medium network
of notebook 11. The functions of the course's networks are taken from the notebooks themselves.
"""

import ast
import json
import linecache
import subprocess
import sys
import time

import nbformat
import pandas as pd

from tools.execute import NOTEBOOKS, ROOT

GOAL = 0.99  # share of the test digits


def keras_example(images, labels, seed: int, epochs: int = 8):
    """keras.io/examples/vision/mnist_convnet, stopped after eight epochs, at about 99.0 %."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    x = images[..., None].astype("float32") / 255
    y = keras.utils.to_categorical(labels, 10)
    start = time.perf_counter()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=epochs, validation_split=0.1, verbose=0)
    return model, time.perf_counter() - start


def published(images, labels, seed: int):
    """github.com/tuomaso/train_mnist_fast, step 8: one epoch, the digits in their order."""
    import keras
    import numpy as np
    import tensorflow as tf
    from keras import layers, ops

    keras.utils.set_random_seed(seed)
    x = tf.constant((images[..., None] / np.float32(255) - 0.1307) / 0.3081, tf.float32)
    y = tf.constant(labels)
    steps = -(-len(images) // 256)

    class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
        """PyTorch's: along cosines from 0.0004 to 0.01 in three tenths of the steps, then to 0."""

        def __call__(self, step):
            share = ops.cast(step, "float32") / (steps - 1)
            rising = 0.0052 - 0.0048 * ops.cos(np.pi * share / 0.3)
            falling = 0.005 + 0.005 * ops.cos(np.pi * (share - 0.3) / 0.7)
            return ops.where(share < 0.3, rising, falling)

    def slice_of(step):
        return x[256 * step : 256 * (step + 1)], y[256 * step : 256 * (step + 1)]

    start = time.perf_counter()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(24, 5),
            layers.MaxPooling2D(2),
            layers.ReLU(),
            layers.Conv2D(32, 3),
            layers.MaxPooling2D(2),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(OneCycle(), beta_1=0.7, beta_2=0.9)
    model.compile(optimizer, loss, steps_per_execution=20)
    data = tf.data.Dataset.range(steps).map(slice_of).prefetch(8)
    options = tf.data.Options()
    options.autotune.enabled = False  # else fit may wait for its tuner, for seconds
    data = data.with_options(options)
    model.fit(data, shuffle=False, verbose=0)
    return model, time.perf_counter() - start


def keras_example_to_its_end(images, labels, seed: int):
    """The same with the 15 epochs that its page gives it."""
    return keras_example(images, labels, seed, epochs=15)


def net_d(images, labels, seed: int):
    """Net (d) of notebook 04."""
    train = definitions("04")["train_fast"]
    start = time.perf_counter()
    model = train(images, labels, seed)
    return model, time.perf_counter() - start


def medium(images, labels, seed: int, share: float = 1.0):
    """The medium network of notebook 11."""
    train = definitions("11")["train"]
    start = time.perf_counter()
    model = train("medium", images, labels, seed, share)
    return model, time.perf_counter() - start


def definitions(number: str) -> dict:
    """A notebook's imports, functions, classes, seed and recipes, without the rest of its cells."""
    (path,) = (path for path in NOTEBOOKS if path.name.startswith(number))
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef

    def is_wanted(node) -> bool:
        if isinstance(node, ast.Assign):
            return ast.unparse(node.targets[0]) in ("SEED", "RECIPES")
        return isinstance(node, kinds)

    nodes = [n for c in cells for n in ast.parse(c.source).body if is_wanted(n)]
    source, name = "\n".join(map(ast.unparse, nodes)), f"<{path.stem}>"
    linecache.cache[name] = len(source), None, source.splitlines(True), name  # TensorFlow reads it
    namespace = {"__name__": path.stem}
    exec(compile(source, name, "exec"), namespace)
    return namespace


TO_99 = {"Keras example": keras_example, "published": published, "net (d)": net_d}
FOR_ACCURACY = {"Keras example, 15 epochs": keras_example_to_its_end, "medium": medium}
RECIPES = TO_99 | FOR_ACCURACY


def train(recipe: str, seed: int) -> dict:
    """Train one recipe on all training digits; its seconds and its test accuracy."""
    import utils  # before Keras

    (images, labels), (test_images, test_labels) = utils.load_mnist()
    model, seconds = RECIPES[recipe](images, labels, seed)
    x = utils.to_input(test_images)
    if recipe == "published":
        x = (x - 0.1307) / 0.3081
    answers = model.predict(x, batch_size=1000, verbose=0).argmax(axis=1)
    return {
        "recipe": recipe,
        "seed": seed,
        "parameters": model.count_params(),
        "seconds": round(seconds, 2),
        "test accuracy": round(float((answers == test_labels).mean()), 4),
    }


def measure(recipes: dict, seeds: int) -> pd.DataFrame:
    """A row a recipe and seed; the recipes take turns, since a machine's speed wanders."""
    rows = []
    for seed in range(1, seeds + 1):
        for recipe in recipes:
            command = [sys.executable, "-m", "tools.measure.race", recipe, str(seed)]
            out = subprocess.run(
                command, stdout=subprocess.PIPE, cwd=ROOT, text=True, check=True
            ).stdout
            rows.append(json.loads(out.splitlines()[-1]))
            print(*rows[-1].values(), file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def summary(rows: pd.DataFrame, ours: str = "net (d)") -> pd.DataFrame:
    """A row a recipe: seconds, accuracy, how many seeds reach the goal, and the ratio of times."""
    groups = rows.groupby("recipe", sort=False)
    our_seconds = rows[rows["recipe"] == ours].set_index("seed")["seconds"]
    table = pd.DataFrame(
        {
            "parameters": groups["parameters"].first(),
            "seconds": groups["seconds"].median(),
            "seconds, mean": groups["seconds"].mean(),
            "seconds, sd": groups["seconds"].std(),
            "accuracy": groups["test accuracy"].mean(),
            "accuracy, sd": groups["test accuracy"].std(),
            "seeds": groups.size(),
            "reach the goal": groups["test accuracy"].apply(lambda a: (a >= GOAL).sum()),
        }
    )
    ratio = rows.set_index(["recipe", "seed"])["seconds"].div(our_seconds, level="seed")
    table["times as long"] = ratio.groupby("recipe", sort=False).median()
    return table


if __name__ == "__main__":
    print(json.dumps(train(sys.argv[1], int(sys.argv[2]))))
