"""Write the tables of README.md and results/RESULTS.md from the stored figures (`make results`).

    python -m tools.ship.tables

replaces what stands between `<!-- NAME -->` and `<!-- end -->` in both, so that text and figures
cannot drift apart, and draws the README's picture.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
from scipy.stats import binomtest

from tools.execute import NOTEBOOKS, ROOT
from tools.measure import race

RESULTS = ROOT / "results"
BEST_TRIALS = 5  # rows of the search in notebook 09 that are shown
AIMS = (  # what was wanted, of which network, at least this share of the test digits
    ("fewer than 5,000 parameters", "tiny", 0.990),
    ("fewer than 20,000 parameters", "small", 0.994),
    ("trained in the time of the Keras site's example", "medium", 0.9965),
    ("fewer than 500,000 parameters, trained in an hour", "large", 0.9978),
)
AIM_OF_ENSEMBLES = 0.9983
RECIPES = {
    "Keras example": "the MNIST example of the Keras site, 8 epochs",
    "published": "the fastest published recipe found, in Keras",
    "net (d)": "net (d) of notebook 04",
    "Keras example, 15 epochs": "the MNIST example of the Keras site, its 15 epochs",
    "medium": "the medium network of notebook 11",
}

# --- parts of tables ------------------------------------------------------------------------------


def markdown(headings: list[str], rows: list[list]) -> str:
    """A table in Markdown."""
    heading, *lines = [f"| {' | '.join(map(str, cells))} |" for cells in (headings, *rows)]
    return "\n".join([heading, "|---" * len(headings) + "|", *lines])


def percent(share: float, places: int = 2) -> str:
    return f"{100 * share:.{places}f} %"


def spread(shares: pd.Series) -> str:
    """Mean ± standard deviation."""
    return f"{100 * shares.mean():.2f} ± {100 * shares.std():.2f} %"


def interval(share: float, low: float, high: float, places: int = 1) -> str:
    return f"{percent(share, places)} ({100 * low:.{places}f} to {100 * high:.{places}f})"


def share_right(row: pd.Series) -> str:
    """A share with its interval, and with the mean of the probabilities reported, if it has one."""
    share = interval(row["share"], row["from"], row["to"])
    if pd.notna(row["mean probability"]):
        share += f", promised {percent(row['mean probability'], 1)}"
    return share


# --- README.md ------------------------------------------------------------------------------------


def promise(seeds: pd.DataFrame) -> str:
    """The README's first sentence."""
    net_c = seeds.set_index("name").loc["cnn"].mean()
    return (
        "A hands-on course in Jupyter notebooks: you explore MNIST, train networks with "
        f"TensorFlow/Keras that read {percent(net_c, 1)} of its test digits, and then find out why "
        "such a network fails on a photo of your own digits, and mend it."
    )


def notebooks_table(times: pd.DataFrame, folder: str = "notebooks") -> str:
    """A row a notebook: its title, minutes and peak memory."""
    rows = []
    for path in NOTEBOOKS:
        title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].lstrip("# ")
        row = times.set_index("notebook").loc[path.stem]
        link = f"[{path.stem[:2]} {title}]({folder}/{path.name})"
        rows.append([link, f"{row['minutes']:.1f}", f"{row['peak_memory_gb']:.1f} GB"])
    rows.append(["together", f"{times['minutes'].sum():.1f}", ""])
    return markdown(["notebook", "minutes", "peak memory"], rows)


def highlights_table(
    seeds: pd.DataFrame,
    records: pd.DataFrame,
    race_rows: pd.DataFrame,
    people: pd.DataFrame,
    reading: pd.DataFrame,
) -> str:
    """The most important results, each beside what it is to be compared with."""
    rows = [best_network(seeds, records), fastest_recipe(race_rows), people_s_digits(people)]
    row = reading.set_index("what").loc["photos of five digits, all right"]
    pages = f"{row['number']:,.0f} photos made from MNIST test digits, five in each, all five right"
    rows.append([pages, share_right(row), "the usual way reads one digit in each"])
    return markdown(["what", "result", "to compare with"], rows)


def best_network(seeds: pd.DataFrame, records: pd.DataFrame) -> list[str]:
    """Cells of a row: the network with the highest mean over its seeds, and the first one."""
    groups = records.groupby("network")["test accuracy"]
    name = groups.mean().idxmax()
    first = seeds.set_index("name").loc["dense"].mean()
    return [
        f"MNIST test digits, best network (`{name}` of notebook 11)",
        f"{percent(groups.mean()[name])}, mean of {groups.size()[name]} seeds",
        f"the first network, of notebook 03: {percent(first)}",
    ]


def fastest_recipe(rows: pd.DataFrame) -> list[str]:
    """Cells of a row: seconds and accuracy of net (d), and of the recipes that raced with it."""
    table = race.summary(rows)
    texts = {
        name: f"{row['seconds']:.1f} s for {percent(row['accuracy'])}"
        for name, row in table.iterrows()
    }
    ours = texts.pop("net (d)")
    others = [f"{RECIPES[name]}: {text}" for name, text in sorted(texts.items(), reverse=True)]
    return [f"seconds of training, {RECIPES['net (d)']}", ours, "; ".join(others)]


def people_s_digits(people: pd.DataFrame) -> list[str]:
    """Cells of a row: pictures of one digit by other people, all kinds together."""
    one_digit = people[people["the usual way"].notna()]
    number = one_digit["number"].sum()
    right, usual = (
        round((one_digit[column] * one_digit["number"]).sum())
        for column in ("share", "the usual way")
    )
    limits = binomtest(right, number).proportion_ci(method="wilson")
    return [
        f"{number} pictures of one digit by other people",
        interval(right / number, limits.low, limits.high),
        f"the usual way (grey, invert, resize, `model.predict`): {percent(usual / number, 1)}",
    ]


# --- results/RESULTS.md ---------------------------------------------------------------------------


def networks_table(metrics: pd.DataFrame, seeds: pd.DataFrame) -> str:
    """A row a model: test accuracy of the one that ships, and over three seeds."""
    seeds = seeds.set_index("name")
    headings = [
        "network",
        "parameters",
        "test accuracy of the one that ships (95 % interval)",
        f"{len(seeds.columns)} seeds, mean ± standard deviation",
    ]
    rows = [
        [
            row["model"],
            f"{row['parameters']:,}",
            interval(row["test accuracy"], row["from"], row["to"], 2),
            spread(seeds.loc[row["name"]]),
        ]
        for _, row in metrics.iterrows()
    ]
    return markdown(headings, rows)


def history_table(history: pd.DataFrame) -> str:
    """A row an epoch of net (c)."""
    rows = [
        [
            f"{row['epoch']:.0f}",
            percent(row["accuracy"]),
            f"{row['loss']:.4f}",
            percent(row["val_accuracy"]),
            f"{row['val_loss']:.4f}",
        ]
        for _, row in history.iterrows()
    ]
    columns = ["training accuracy", "training loss", "validation accuracy", "validation loss"]
    return markdown(["epoch", *columns], rows)


def race_table(rows: pd.DataFrame) -> str:
    """A row a recipe: seconds of training, and test accuracy, over the seeds."""
    table = race.summary(rows)
    last = [f"{row['reach the goal']:.0f} of {row['seeds']:.0f}" for _, row in table.iterrows()]
    return recipes_table(table, f"seeds at {percent(race.GOAL, 1)} or above", last)


def minutes_table(rows: pd.DataFrame) -> str:
    """The same for the example with all its epochs, and what its time buys otherwise."""
    table = race.summary(rows, "medium")
    errors = [f"{10_000 * (1 - accuracy):.0f}" for accuracy in table["accuracy"]]
    return recipes_table(table, "errors of 10,000, mean", errors)


def recipes_table(table: pd.DataFrame, heading: str, last: list[str]) -> str:
    """A row a recipe of `race.summary`; `last` are the cells of a column of its own."""
    (seeds,) = table["seeds"].unique()
    headings = [
        "recipe",
        "parameters",
        f"seconds, median (mean ± standard deviation) of {seeds} seeds",
        "test accuracy, mean ± standard deviation",
        heading,
        "times as long, median of the seeds",
    ]
    rows = [
        [
            RECIPES[name],
            f"{row['parameters']:,.0f}",
            f"{row['seconds']:.1f} ({row['seconds, mean']:.1f} ± {row['seconds, sd']:.1f})",
            f"{100 * row['accuracy']:.2f} ± {100 * row['accuracy, sd']:.2f} %",
            cell,
            f"{row['times as long']:.1f}",
        ]
        for (name, row), cell in zip(table.iterrows(), last, strict=True)
    ]
    return markdown(headings, rows)


def records_table(records: pd.DataFrame, again: pd.DataFrame) -> str:
    """A row a network of notebook 11: parameters, minutes, and what each training reads.

    Those that ship, and those that were trained again under another Python.
    """
    headings = [
        *("network", "parameters", "minutes of training, mean"),
        *("test accuracy of those that ship, a seed each", "mean", "trained again"),
    ]
    rows = []
    for name, group in records.groupby("network", sort=False):
        minutes = "–" if group["minutes"].isna().any() else f"{group['minutes'].mean():.0f}"
        each, second = (
            ", ".join(percent(a) for a in table.loc[table["network"] == name, "test accuracy"])
            for table in (records, again)
        )
        parameters = f"{group['parameters'].iloc[0]:,}"
        mean = percent(group["test accuracy"].mean())
        rows.append([name, parameters, minutes, each, mean, second])
    return markdown(headings, rows)


def aims_table(records: pd.DataFrame, again: pd.DataFrame, ensembles: pd.DataFrame) -> str:
    """A row an aim: what was wanted, and what all trainings of the network read."""
    ships = records.groupby("network")["test accuracy"]
    every = pd.concat([records, again]).groupby("network")["test accuracy"]
    rows = []
    for what, name, aim in AIMS:
        means = ships.mean()[name], every.mean()[name]
        all_of_them = f"{percent(means[1])} of {every.size()[name]}"
        reached = aim_reached(*means, aim)
        rows.append([what, percent(aim), name, percent(means[0]), all_of_them, reached])
    best = ensembles.loc[ensembles["test accuracy"].idxmax()]
    same = ensembles.loc[ensembles["name"] == best["name"], "test accuracy"]
    cells = [f"{best['networks']} {best['name']} together", percent(best["test accuracy"])]
    cells += [f"{percent(same.mean())} of {len(same)}"]
    reached = aim_reached(best["test accuracy"], same.mean(), AIM_OF_ENSEMBLES)
    rows.append(["an ensemble of these", percent(AIM_OF_ENSEMBLES), *cells, reached])
    headings = ["what", "aim", "network", "those that ship, mean", "all trainings, mean", "reached"]
    return markdown(headings, rows)


def aim_reached(those_that_ship: float, all_trainings: float, aim: float) -> str:
    if min(those_that_ship, all_trainings) >= aim:
        return "yes"
    return "by those that ship only" if those_that_ship >= aim else "no"


def ensembles_table(ensembles: pd.DataFrame) -> str:
    """A row an ensemble: test accuracy of the mean of its networks' probabilities."""
    rows = [
        [row["name"], row["networks"], row["trained"], percent(row["test accuracy"])]
        for _, row in ensembles.iterrows()
    ]
    return markdown(["network", "how many together", "which", "test accuracy"], rows)


def augmentation_table(augmentation: pd.DataFrame) -> str:
    """A row a number of digits and a way to change them: the mean over the seeds."""
    rows = [
        [
            f"{digits:,}",
            name,
            f"{group['steps'].iloc[0]:,}",
            len(group),
            percent(group["error"].mean()),
            percent(group["six and nine swapped"].mean()),
        ]
        for (digits, name), group in augmentation.groupby(["digits", "augmentation"], sort=False)
    ]
    headings = ["training digits", "augmentation", "steps", "seeds", "validation error, mean"]
    return markdown([*headings, "6 read as 9 or 9 as 6, of all 6 and 9"], rows)


def architectures_table(architectures: pd.DataFrame) -> str:
    """A row a network of notebook 08, the best first."""
    ordered = architectures.sort_values("validation accuracy", ascending=False)
    rows = [
        [
            row["network"],
            row["epochs"],
            percent(row["validation accuracy"]),
            f"{row['s an epoch']:.0f}",
            f"{row['ms a digit']:.2f}",
        ]
        for _, row in ordered.iterrows()
    ]
    headings = ["network", "epochs", "validation accuracy", "seconds an epoch", "ms a digit"]
    return markdown(headings, rows)


def tuning_table(tuning: pd.DataFrame) -> str:
    """How many trials, and a row for each of the best."""
    pruned = (tuning["state"] == "PRUNED").sum()
    best = tuning.sort_values(["jury", "fresh"], ascending=False).head(BEST_TRIALS)
    rows = [
        [
            row["trial"],
            f"{row['peak']:.4f}",
            f"{row['batch']}, {row['width']}",
            f"{row['dropout']:.2f}, {row['smoothing']:.2f}",
            f"{row['strength']:.2f}",
            percent(row["jury"], 1),
            percent(row["fresh"], 1),
        ]
        for _, row in best.iterrows()
    ]
    headings = ["trial", "peak of the learning rate", "batch, width", "dropout, label smoothing"]
    headings += ["strength of changes", "right of the jury's 1,000", "right of 5,000 fresh digits"]
    trials = f"The best {BEST_TRIALS} of {len(tuning)} trials; {pruned} were stopped early."
    return f"{trials}\n\n{markdown(headings, rows)}"


def people_table(people: pd.DataFrame) -> str:
    """A row a kind of picture that people made: the share read rightly, and in the usual way."""
    rows = [
        [
            row["what"],
            f"{row['number']:,}",
            share_right(row),
            "–" if pd.isna(row["the usual way"]) else percent(row["the usual way"], 1),
        ]
        for _, row in people.iterrows()
    ]
    headings = ["pictures by other people", "number", "right (95 % interval)", "the usual way"]
    return markdown(headings, rows)


def reading_table(reading: pd.DataFrame) -> str:
    """A row a kind of picture: the share that is read rightly, with its interval."""
    rows = [[row["what"], f"{row['number']:,}", share_right(row)] for _, row in reading.iterrows()]
    return markdown(["MNIST test digits, in pictures", "number", "right (95 % interval)"], rows)


def reader_table(reader: pd.DataFrame) -> str:
    """The network that reads pictures, on the MNIST test digits."""
    rows = [
        [f"{row['parameters']:,.0f}", percent(row["test accuracy"])] for _, row in reader.iterrows()
    ]
    return markdown(["parameters", "test accuracy"], rows)


def speed_table(speed: pd.DataFrame) -> str:
    """How it was measured, and a row a kind of picture: median (95th percentile) in ms."""
    (cores,), (runs,) = speed["cores"].unique(), speed["runs"].unique()
    rows = []
    for _, row in speed.iterrows():
        cells = [
            f"{row[f'{name}, median']:.1f} ({row[f'{name}, 95th percentile']:.1f})"
            for name in ("decoding", "rest", "together", "usual")
            if pd.notna(row[f"{name}, median"])
        ]
        cells += ["reads one digit only"] * (4 - len(cells))
        rows.append([row["picture"], row["digits"], *cells])
    how = (
        f"Milliseconds a picture, median (95th percentile) of {runs} readings on {cores} CPU cores."
    )
    headings = ["picture", "digits", "decoding", "the rest", "`read_digits`", "the usual way"]
    return f"{how}\n\n{markdown(headings, rows)}"


def cards_table(cards: pd.DataFrame) -> str:
    """A row a network that ships."""
    rows = []
    for _, row in cards.iterrows():
        litert = ["–", "–"]
        if pd.notna(row["LiteRT bytes"]):
            litert = [f"{row['LiteRT bytes'] / 1000:,.0f}", f"{row['LiteRT ms alone']:.2f}"]
        figures = [
            interval(row["test accuracy"], row["from"], row["to"], 2),
            f"{row['parameters']:,.0f}",
            f"{row['bytes'] / 1000:,.0f}",
            f"{row['ms alone']:.2f}",
            f"{row['ms of 500']:.3f}",
        ]
        rows.append([row["name"], *figures, *litert])
    headings = ["network", "test accuracy (95 % interval)", "parameters", "kB"]
    headings += ["ms for one digit", "ms a digit, of 500", "LiteRT: kB", "LiteRT: ms for one digit"]
    return markdown(headings, rows)


def tried_table(tried: pd.DataFrame) -> str:
    """The table as it is stored, cell by cell."""
    return markdown(list(tried.columns), tried.to_numpy().tolist())


# --- which block shows which file -----------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """What makes the text of a block, from the tables of which files of results/."""

    make: Callable[..., str]
    files: tuple[str, ...]

    def text(self) -> str:
        return self.make(*map(stored, self.files))

    def text_with_source(self) -> str:
        links = ", ".join(f"[{name}.csv]({name}.csv)" for name in self.files)
        return f"{self.text()}\n\nStored in {links}."


def stored(name: str) -> pd.DataFrame:
    """A table of results/. Those of what was tried hold text as it was written down."""
    as_text = {"dtype": str, "keep_default_na": False} if name.startswith("tried_") else {}
    return pd.read_csv(RESULTS / f"{name}.csv", **as_text)


TRIED = (
    *("tried_net_d", "tried_net_d_fit", "tried_small", "tried_medium", "tried_medium_epochs"),
    *("tried_large", "tried_averaging"),
)
IN_README = {
    "promise": Block(promise, ("seeds",)),
    "notebooks": Block(notebooks_table, ("times",)),
    "highlights": Block(highlights_table, ("seeds", "records", "race", "people", "reading")),
}
IN_RESULTS = {
    "people": Block(people_table, ("people",)),
    "reading": Block(reading_table, ("reading",)),
    "reader": Block(reader_table, ("reader",)),
    "speed": Block(speed_table, ("speed",)),
    "networks": Block(networks_table, ("metrics", "seeds")),
    "history": Block(history_table, ("cnn_history",)),
    "race": Block(race_table, ("race",)),
    "minutes": Block(minutes_table, ("minutes",)),
    "augmentation": Block(augmentation_table, ("augmentation",)),
    "architectures": Block(architectures_table, ("architectures",)),
    "tuning": Block(tuning_table, ("tuning",)),
    "records": Block(records_table, ("records", "records_again")),
    "aims": Block(aims_table, ("records", "records_again", "ensembles")),
    "ensembles": Block(ensembles_table, ("ensembles",)),
    "cards": Block(cards_table, ("cards",)),
    "times": Block(partial(notebooks_table, folder="../notebooks"), ("times",)),
} | {name: Block(tried_table, (name,)) for name in TRIED}


def filled_readme(text: str) -> str:
    """The text of README.md with its blocks made anew."""
    return with_blocks(text, {name: block.text for name, block in IN_README.items()})


def filled_results(text: str) -> str:
    """The text of results/RESULTS.md with its blocks made anew; each names its files."""
    return with_blocks(text, {name: block.text_with_source for name, block in IN_RESULTS.items()})


PAGES = {ROOT / "README.md": filled_readme, RESULTS / "RESULTS.md": filled_results}


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
    for page, filled in PAGES.items():
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    draw_picture(ROOT / "notebooks" / "images" / "reading.png")
