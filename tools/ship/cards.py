"""Write a card for each network that ships: how it was made, how good, large and fast it is.

    python -m tools.ship.cards [NAME...]

measures the networks in models/shipped/ (or those that are named) on the MNIST test digits, keeps
the figures in results/cards.csv, and writes the cards between `<!-- cards -->` and
`<!-- end -->` of models/README.md. Networks that ship as LiteRT files as well (`AS_LITERT`) are
exported anew. Where networks of notebook 11 are among them, the accuracy of their averaged answers
is measured, too.
"""

import os
import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from reading.files import write_whole
from reading.network import Network
from tools.check import AS_LITERT
from tools.execute import ROOT
from tools.measure import ensembles
from tools.ship import litert, tables

SHIPPED = ROOT / "models" / "shipped"
RESULTS = ROOT / "results"
README = ROOT / "models" / "README.md"
SPLIT = "54,000 of the 60,000 MNIST training digits; the other 6,000 chose the epoch"
ALL = "the 60,000 MNIST training digits"


@dataclass(frozen=True)
class About:
    """What a card says that is not measured."""

    title: str
    data: str
    recipe: str
    not_for: str = ""  # where more is to be said than models/README.md says of all
    litert: str = ""  # what its LiteRT file is for, a sentence


def of_notebook_11(title: str, seed: int = 1) -> About:
    recipe = (
        "[notebook 11](../notebooks/11_records.ipynb) on its full budget "
        f"(`make experiments ONLY=11`), seed {seed}"
    )
    return About(title, ALL, recipe)


CARDS = {
    "dense": About(
        "the dense baseline",
        SPLIT,
        "[notebook 03](../notebooks/03_dense_baseline.ipynb), seed 1",
    ),
    "cnn_a": About(
        "net (a), one convolution",
        SPLIT,
        "[notebook 04](../notebooks/04_cnn_training.ipynb), four epochs with augmentation, seed 1",
    ),
    "cnn_b": About(
        "net (b), two blocks",
        SPLIT,
        "[notebook 04](../notebooks/04_cnn_training.ipynb), up to five epochs, seed 1",
    ),
    "cnn": About(
        "net (c), the course's own",
        SPLIT,
        "[notebook 04](../notebooks/04_cnn_training.ipynb), five epochs with augmentation, seed 1",
    ),
    "tiny": of_notebook_11("99 % with few parameters"),
    "small": of_notebook_11("99.4 % with few parameters"),
    "small_2": of_notebook_11("the same with another seed", 2),
    "small_3": of_notebook_11("the same with a third seed", 3),
    "medium": of_notebook_11("a few minutes of training"),
    "medium_2": of_notebook_11("the same with another seed", 2),
    "medium_3": of_notebook_11("the same with a third seed", 3),
    "large": of_notebook_11("an hour of training at most"),
    "large_2": of_notebook_11("the same with another seed", 2),
    "large_3": of_notebook_11("the same with a third seed", 3),
    "robust": About(
        "a network that withstands corruptions it was not shown",
        "54,000 of the 60,000 MNIST training digits, bent, partly erased, with pieces of others "
        "(of all 60,000) and through random networks",
        "[notebook 14](../notebooks/14_break_it.ipynb) on its full budget "
        "(`make experiments ONLY=14`), seed 1",
    ),
    "reader": About(
        "the network that reads pictures",
        "54,000 MNIST training digits, and what the finder cuts out of drawn pages and real "
        "photos: digits of some 350 people and 40 fonts, and hard negatives; more such pages set "
        "the temperature",
        "[notebook 10](../notebooks/10_reading_network.ipynb) on its full budget "
        "(`make reader`), seed 1",
        "whole pictures: `read_digits` finds the places and asks it about each. Its probabilities "
        "hold for pictures like those it was measured on",
        "This file reads pictures, with the finder's and the judge's.",
    ),
}


def measure(names: list[str]) -> pd.DataFrame:
    """A row a network: right answers, interval, parameters, bytes, milliseconds a digit."""
    import utils

    _, (images, labels) = utils.load_mnist()
    x = utils.to_input(images)
    rows, networks = [], {}
    for name in names:
        path = SHIPPED / f"{name}.keras"
        network = utils.keras.models.load_model(path, compile=False, safe_mode=True)
        answers = network.predict(x, batch_size=500, verbose=0)[:, :10].argmax(axis=1)
        right = int((answers == labels).sum())
        interval = binomtest(right, len(x)).proportion_ci(method="wilson")
        row = {
            "name": name,
            "test accuracy": right / len(x),
            "from": round(interval.low, 4),
            "to": round(interval.high, 4),
            "parameters": network.count_params(),
            "bytes": path.stat().st_size,
            "cores": os.cpu_count(),
        }
        rows.append(row | (litert_figures(name, network, x) if name in AS_LITERT else {}))
        networks[name] = network
    table = pd.DataFrame(rows).set_index("name")
    table["ms alone"] = milliseconds(networks, x[:1], 200).round(3)
    table["ms of 500"] = (milliseconds(networks, x[:500], 10) / 500).round(4)
    exported = {n: Network(SHIPPED / f"{n}.tflite") for n in names if n in AS_LITERT}
    for column, count, times in (("LiteRT ms alone", 1, 200), ("LiteRT ms of 500", 500, 10)):
        if exported:
            table[column] = (milliseconds(exported, x[:count], times) / count).round(4)
    return table


def litert_figures(name: str, network, x: np.ndarray) -> dict:
    """Export the network; the file's bytes, and how far its answers differ."""
    path = SHIPPED / f"{name}.tflite"
    write_whole(path, lambda draft: litert.export(network, draft))
    exported = Network(path)
    differences = [
        np.abs(exported.predict_on_batch(part) - network.predict_on_batch(part)).max()
        for part in np.split(x, len(x) // 500)
    ]
    return {"LiteRT bytes": path.stat().st_size, "LiteRT difference": float(max(differences))}


def milliseconds(networks: dict, x: np.ndarray, times: int) -> pd.Series:
    """Median time of one call; the networks take turns, since a machine's speed wanders."""
    seconds = {name: [] for name in networks}
    for _ in range(times + 1):
        for name, network in networks.items():
            start = time.perf_counter()
            network.predict_on_batch(x)
            seconds[name].append(time.perf_counter() - start)
    return 1000 * pd.DataFrame(seconds).iloc[1:].median()  # the first call builds the graph


def cards() -> str:
    """The text of all cards."""
    rows = pd.read_csv(RESULTS / "cards.csv", index_col="name")
    parts = []
    for name, row in rows.iterrows():
        about = CARDS[name]
        accuracy = tables.interval(row["test accuracy"], row["from"], row["to"], 2)
        lines = [
            f"### {name}: {about.title}",
            "",
            f"- **Data:** {about.data}.",
            f"- **Recipe:** {about.recipe}.",
            f"- **Test accuracy:** {accuracy} of the 10,000 MNIST test digits.",
            f"- **Size:** {row['parameters']:,.0f} parameters, {row['bytes'] / 1000:,.0f} kB.",
            f"- **Time:** {row['ms alone']:.2f} ms for one digit alone, {row['ms of 500']:.3f} ms "
            f"per digit for 500 at once, on {row['cores']:.0f} CPU cores.",
        ]
        if name in AS_LITERT:
            limit = 10 ** np.ceil(np.log10(max(row["LiteRT difference"], 1e-9)))
            lines.append(
                f"- **As LiteRT:** `{name}.tflite`, {row['LiteRT bytes'] / 1000:,.0f} kB, which "
                f"runs without TensorFlow: {row['LiteRT ms alone']:.2f} ms for one digit alone, "
                f"{row['LiteRT ms of 500']:.3f} ms per digit for 500 at once. On the test digits "
                f"no probability differs by more than {limit:.0e}."
            )
            if about.litert:
                lines[-1] += f" {about.litert}"
        if about.not_for:
            lines.append(f"- **Not for** {about.not_for}.")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def filled(text: str) -> str:
    """The text of models/README.md with its cards made anew."""
    return tables.with_block(text, "cards", cards())


def main(names: list[str]) -> int:
    if unknown := set(names) - set(CARDS):
        print(f"[FAIL] No network {', '.join(unknown)}; these ship: {', '.join(CARDS)}.")
        return 1
    table = measure(names or list(CARDS))
    if (RESULTS / "cards.csv").is_file():
        others = pd.read_csv(RESULTS / "cards.csv", index_col="name")
        table = pd.concat([others.drop(table.index, errors="ignore"), table])
    table = table.reindex(CARDS).dropna(how="all")
    write_whole(RESULTS / "cards.csv", table.to_csv)
    if set(names or CARDS) & {n for members in ensembles.ENSEMBLES.values() for n in members}:
        ensembles.store()
    tables.rewrite(README, filled)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
