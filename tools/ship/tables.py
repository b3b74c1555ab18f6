"""Write the README's tables from the stored figures, so that they cannot drift apart.

    python -m tools.ship.tables

replaces what stands between `<!-- NAME -->` and `<!-- end -->` in README.md, and draws its picture.
"""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pandas as pd

from tools.execute import NOTEBOOKS, ROOT
from tools.measure import race

RESULTS = ROOT / "results"


def notebooks_table() -> str:
    """A row a notebook: its title, minutes and peak memory."""
    times = pd.read_csv(RESULTS / "times.csv", index_col="notebook")
    lines = ["| notebook | minutes | peak memory |", "|---|---|---|"]
    for path in NOTEBOOKS:
        title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].lstrip("# ")
        row = times.loc[path.stem]
        link = f"[{path.stem[:2]} {title}](notebooks/{path.name})"
        lines.append(f"| {link} | {row['minutes']:.1f} | {row['peak_memory_gb']:.1f} GB |")
    lines.append(f"| together | {times['minutes'].sum():.1f} | |")
    return "\n".join(lines)


def results_table() -> str:
    """A row a model: test accuracy of the one that ships, and over three seeds."""
    metrics = pd.read_csv(RESULTS / "metrics.csv", index_col="name")
    seeds = pd.read_csv(RESULTS / "seeds.csv", index_col="name")
    lines = [
        "| network | parameters | test accuracy of the one that ships, 95 % interval "
        f"| {len(seeds.columns)} seeds, mean ± standard deviation |",
        "|---|---|---|---|",
    ]
    for name, row in metrics.iterrows():
        accuracy = f"{row['test accuracy']:.2%} ({row['from']:.2%} to {row['to']:.2%})"
        spread = f"{seeds.loc[name].mean():.2%} ± {100 * seeds.loc[name].std():.2f} %"
        lines.append(f"| {row['model']} | {row['parameters']:,} | {accuracy} | {spread} |")
    return "\n".join(lines)


def speed_table() -> str:
    """How it was measured, and a row a kind of picture: median (95th percentile) in ms."""
    speed = pd.read_csv(RESULTS / "speed.csv")
    (cores,), (runs,) = speed["cores"].unique(), speed["runs"].unique()
    lines = [
        "Milliseconds a picture, median (95th percentile) of "
        f"{runs} readings on {cores} CPU cores, the model already loaded. The usual way is to "
        "decode, turn to grey, invert, resize to 28 × 28 and call `model.predict` of net (c); both "
        "ways took turns.",
        "",
        "| picture | digits | decoding | the rest | `read_digits` | the usual way |",
        "|---|---|---|---|---|---|",
    ]
    for _, row in speed.iterrows():
        cells = [
            f"{row[f'{name}, median']:.1f} ({row[f'{name}, 95th percentile']:.1f})"
            for name in ("decoding", "rest", "together", "usual")
            if pd.notna(row[f"{name}, median"])
        ]
        cells += ["reads one digit only"] * (4 - len(cells))
        lines.append(f"| {row['picture']} | {row['digits']} | {' | '.join(cells)} |")
    return "\n".join(lines)


RECIPES = {
    "Keras example": "the MNIST example of the Keras site, 8 epochs",
    "published": "fastest published recipe found, in Keras",
    "net (d)": "net (d) of notebook 04",
    "Keras example, 15 epochs": "the MNIST example of the Keras site, its 15 epochs",
    "medium": "the medium network of notebook 11",
}


def race_table() -> str:
    """A row a recipe: seconds of training, and test accuracy, over the seeds."""
    table = race.summary(pd.read_csv(RESULTS / "race.csv"))
    (seeds,) = table["seeds"].unique()
    last = [f"{row['reach the goal']:.0f} of {seeds}" for _, row in table.iterrows()]
    return recipes_table(table, "seeds at 99.0 % or above", last)


def minutes_table() -> str:
    """The same for the example with all its epochs, and what its time buys otherwise."""
    table = race.summary(pd.read_csv(RESULTS / "minutes.csv"), "medium")
    errors = [f"{10_000 * (1 - accuracy):.0f}" for accuracy in table["accuracy"]]
    return recipes_table(table, "errors of 10,000, mean", errors)


def records_table() -> str:
    """A row a network of notebook 11: parameters, minutes, test accuracies and their mean.

    And what the same seeds read when they were trained again under another Python.
    """
    rows = pd.read_csv(RESULTS / "records.csv")
    again = pd.read_csv(RESULTS / "records_again.csv").groupby("network")["test accuracy"]
    lines = [
        "| network of notebook 11 | parameters | minutes of training, mean "
        "| test accuracy, a seed each | mean | the same seeds again |",
        "|---|---|---|---|---|---|",
    ]
    for name, group in rows.groupby("network", sort=False):
        accuracies = group["test accuracy"]
        each = ", ".join(f"{a:.2%}" for a in accuracies)
        parameters = f"{group['parameters'].iloc[0]:,}"
        minutes = "–" if group["minutes"].isna().any() else f"{group['minutes'].mean():.0f}"
        second = ", ".join(f"{a:.2%}" for a in again.get_group(name))
        cells = [name, parameters, minutes, each, f"{accuracies.mean():.2%}", second]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def recipes_table(table: pd.DataFrame, heading: str, last: list[str]) -> str:
    """A row a recipe of `race.summary`; `last` are the cells of a column of its own."""
    (seeds,) = table["seeds"].unique()
    lines = [
        f"| recipe | parameters | seconds, median (mean ± standard deviation) of {seeds} seeds "
        f"| test accuracy, mean ± standard deviation | {heading} "
        f"| times as long, median of the seeds |",
        "|---|---|---|---|---|---|",
    ]
    for (name, row), cell in zip(table.iterrows(), last, strict=True):
        seconds = f"{row['seconds']:.1f} ({row['seconds, mean']:.1f} ± {row['seconds, sd']:.1f})"
        accuracy = f"{row['accuracy']:.2%} ± {100 * row['accuracy, sd']:.2f} %"
        cells = [RECIPES[name], f"{row['parameters']:,.0f}", seconds, accuracy, cell]
        lines.append(f"| {' | '.join(cells)} | {row['times as long']:.1f} |")
    return "\n".join(lines)


def people_table() -> str:
    """A row a kind of picture that people made: the share read rightly, and in the usual way."""
    lines = [
        "| pictures by other people | number | right, 95 % interval | the usual way |",
        "|---|---|---|---|",
    ]
    for _, row in pd.read_csv(RESULTS / "people.csv").iterrows():
        usual = "–" if pd.isna(row["the usual way"]) else f"{row['the usual way']:.1%}"
        lines.append(f"| {row['what']} | {row['number']:,} | {share_right(row)} | {usual} |")
    return "\n".join(lines)


def reading_table() -> str:
    """A row a kind of picture: the share that is read rightly, with its interval."""
    lines = [
        "| MNIST test digits, in pictures | number | right, 95 % interval |",
        "|---|---|---|",
    ]
    for _, row in pd.read_csv(RESULTS / "reading.csv").iterrows():
        lines.append(f"| {row['what']} | {row['number']:,} | {share_right(row)} |")
    return "\n".join(lines)


def share_right(row: pd.Series) -> str:
    """A share with its interval, and with the mean of the probabilities reported, if it has one."""
    share = f"{row['share']:.1%} ({row['from']:.1%} to {row['to']:.1%})"
    if pd.notna(row["mean probability"]):
        share += f", promised {row['mean probability']:.1%}"
    return share


def filled(text: str) -> str:
    """The README's text with its tables made anew."""
    tables = {"notebooks": notebooks_table, "results": results_table, "race": race_table}
    tables |= {"minutes": minutes_table, "records": records_table}
    return with_blocks(
        text, tables | {"people": people_table, "reading": reading_table, "speed": speed_table}
    )


def with_blocks(text: str, blocks: dict) -> str:
    """Put what each function of `blocks` makes between `<!-- NAME -->` and `<!-- end -->`."""
    for name, make in blocks.items():
        pattern = rf"<!-- {name} -->.*?<!-- end -->"
        block = f"<!-- {name} -->\n{make()}\n<!-- end -->"
        text, count = re.subn(pattern, lambda _, block=block: block, text, flags=re.S)
        if count != 1:
            raise ValueError(f"The text needs one block <!-- {name} --> ... <!-- end -->.")
    return text


def draw_picture(path: Path) -> None:
    """Four sample pictures, the digits found in them, and what was read."""
    import utils

    figure, axes = plt.subplot_mosaic(
        [[0, 1], [2, 3]], figsize=(9, 4.6), width_ratios=[1.6, 1], layout="constrained"
    )
    for axis, name in zip(axes.values(), ["two_rows", "shadow", "sloping", "chalk_row"]):
        sample = utils.DATA / "samples" / f"{name}.jpg"
        axis.imshow(utils.open_picture(sample))
        for d in utils.read_digits(sample):
            left, top, width, height = d.box
            axis.add_patch(plt.Rectangle((left, top), width, height, fill=False, color="tab:blue"))
            style = {"color": "white", "backgroundcolor": "tab:blue", "weight": "bold"}
            axis.text(left, top, d.digit, va="bottom", **style)
        axis.axis("off")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8")), encoding="utf-8")
    draw_picture(ROOT / "notebooks" / "images" / "reading.png")
