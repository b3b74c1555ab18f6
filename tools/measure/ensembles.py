"""Measure what the networks of notebook 11 read together: the mean of their probabilities.

    python -m tools.measure.ensembles

judges the networks that ship on the MNIST test digits and keeps the figures in
results/ensembles.csv. Its other rows, of networks that do not ship, stay as they are.
"""

import numpy as np
import pandas as pd

from tools.execute import ROOT

PATH = ROOT / "results" / "ensembles.csv"
SHIPPED = ROOT / "models" / "shipped"
SHIP = "those that ship"
ENSEMBLES = {  # name -> networks in models/shipped/, of the same kind, trained from three seeds
    name: (name, f"{name}_2", f"{name}_3") for name in ("small", "medium", "large")
}


def measure() -> pd.DataFrame:
    """A row an ensemble: its name, which trainings, how many networks, test accuracy (a share)."""
    import utils

    _, (images, labels) = utils.load_mnist()
    parts = np.array_split(utils.to_input(images), 20)
    rows = []
    for name, members in ENSEMBLES.items():
        total = sum(_probabilities(member, parts) for member in members)
        accuracy = float(np.mean(total.argmax(axis=1) == labels))
        rows.append((name, SHIP, len(members), accuracy))
    return pd.DataFrame(rows, columns=["name", "trained", "networks", "test accuracy"])


def _probabilities(name: str, parts: list[np.ndarray]) -> np.ndarray:
    """What a network that ships makes of these digits: float32, shape (digits, 10)."""
    import utils

    network = utils.keras.models.load_model(SHIPPED / f"{name}.keras", compile=False)
    return np.concatenate([np.asarray(network(part, training=False)) for part in parts])


def store() -> None:
    """Measure, and keep the rows of networks that do not ship."""
    import utils

    rows = measure()
    if PATH.is_file():
        stored = pd.read_csv(PATH)
        rows = pd.concat([rows, stored[stored["trained"] != SHIP]])
    utils.write_whole(PATH, lambda draft: rows.to_csv(draft, index=False))


if __name__ == "__main__":
    store()
