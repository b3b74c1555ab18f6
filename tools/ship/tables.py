"""Write the tables of README.md and results/RESULTS.md from the stored figures (`make results`).

    python -m tools.ship.tables

replaces what stands between `<!-- NAME -->` and `<!-- end -->` in both, so that text and figures
cannot drift apart, and draws the README's picture.
"""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
from scipy.stats import binomtest

import reading
from reading.files import write_whole
from tools import teaching
from tools.execute import NOTEBOOKS, ROOT
from tools.measure import race

RESULTS = ROOT / "results"
BEST_TRIALS = 5  # rows of the search in notebook 09 that are shown
AIMS = (  # what was wanted, of which network, at least this share of the test digits
    ("fewer than 5,000 parameters", "tiny", 0.990),
    ("fewer than 20,000 parameters", "small", 0.994),
    ("trained in the time of the Keras site's example", "medium", 0.9965),
    ("fewer than 500,000 parameters, trained in an hour", "large", 0.9978),
    ("an ensemble of these", "3 large together", 0.9983),
)
RECIPES = {
    "Keras example": "the MNIST example of the Keras site, 8 epochs",
    "published": "the fastest published recipe found, in Keras",
    "net (d)": "net (d) of notebook 04",
    "Keras example, 15 epochs": "the MNIST example of the Keras site, its 15 epochs",
    "medium": "the medium network of notebook 11",
}

# --- parts of tables ------------------------------------------------------------------------------


def markdown(rows: list[dict]) -> str:
    """A table in Markdown: the keys of the rows are its headings, their values its cells."""
    lines = [f"| {' | '.join(map(str, cells))} |" for cells in (rows[0], *map(dict.values, rows))]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def table(frame: pd.DataFrame, columns: dict[str, Callable], best_first: str = "") -> str:
    """A table in Markdown; `columns`: heading -> what makes its cell from a row of `frame`."""
    if best_first:
        frame = frame.sort_values(best_first, ascending=False)
    rows = frame.to_dict("records")
    return markdown([{heading: cell(row) for heading, cell in columns.items()} for row in rows])


def percent(share: float, places: int = 2) -> str:
    return f"{100 * share:.{places}f} %"


def interval(share: float, low: float, high: float, places: int = 1) -> str:
    return f"{percent(share, places)} ({100 * low:.{places}f} to {100 * high:.{places}f})"


# Each of these makes a function from a row to its cell; `name` is a column of the stored table. The
# cell is a dash where nothing was measured.


def as_is(name: str) -> Callable:
    return lambda row: "–" if pd.isna(row[name]) else row[name]


def number(name: str, places: int = 0, unit: float = 1) -> Callable:
    return lambda row: "–" if pd.isna(row[name]) else f"{row[name] / unit:,.{places}f}"


def share(name: str, places: int = 2) -> Callable:
    return lambda row: "–" if pd.isna(row[name]) else percent(row[name], places)


def with_interval(name: str, places: int = 1) -> Callable:
    return lambda row: interval(row[name], row["from"], row["to"], places)


def with_deviation(mean: str, deviation: str) -> Callable:
    return lambda row: f"{100 * row[mean]:.2f} ± {100 * row[deviation]:.2f} %"


def share_right(row: dict | pd.Series) -> str:
    """A share with its interval, and with the mean of the probabilities reported, if it has one."""
    right = with_interval("share")(row)
    if pd.notna(row["mean probability"]):
        right += f", promised {percent(row['mean probability'], 1)}"
    return right


# --- README.md ------------------------------------------------------------------------------------


def promise(seeds: pd.DataFrame) -> str:
    """The README's first sentence."""
    net_c = seeds.set_index("name").loc["cnn"].mean()
    return (
        "A hands-on course in Jupyter notebooks: you explore MNIST, train networks with "
        f"TensorFlow/Keras that read {percent(net_c, 1)} of its test digits, and then find out why "
        "such a network fails on a photo of your own digits, and fix it."
    )


def notebooks_table(times: pd.DataFrame, folder: str = "notebooks") -> str:
    """A row a notebook: its title, minutes and peak memory."""
    measured = times.set_index("notebook")
    rows = [("together", times["minutes"].sum(), "")]
    for path in reversed(NOTEBOOKS):
        title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].lstrip("# ")
        link = f"[{path.stem[:2]} {title}]({folder}/{path.name})"
        minutes, memory = measured.loc[path.stem, ["minutes", "peak_memory_gb"]]
        rows.insert(0, (link, minutes, f"{memory:.1f} GB"))
    return markdown(
        [
            {"notebook": n, "minutes to run": f"{m:.1f}", "peak memory": memory}
            for n, m, memory in rows
        ]
    )


def highlights_table(
    seeds: pd.DataFrame,
    records: pd.DataFrame,
    race_rows: pd.DataFrame,
    unseen: pd.DataFrame,
    made: pd.DataFrame,
) -> str:
    """The most important results, each beside what it is to be compared with."""
    row = made.set_index("what").loc["photos of five digits, all right"]
    pages = f"{row['number']:,.0f} photos made from MNIST test digits, five in each, all five right"
    rows = [
        best_network(seeds, records),
        fastest_recipe(race_rows),
        unseen_digits(unseen),
        (pages, share_right(row), "the usual way reads one digit in each"),
    ]
    return markdown([dict(zip(("what", "result", "to compare with"), cells)) for cells in rows])


def best_network(seeds: pd.DataFrame, records: pd.DataFrame) -> tuple[str, str, str]:
    """Cells of a row: the network with the highest mean over its seeds, and the first one."""
    groups = records.groupby("network")["test accuracy"]
    name = groups.mean().idxmax()
    first = seeds.set_index("name").loc["dense"].mean()
    return (
        f"MNIST test digits, best network (`{name}` of notebook 11)",
        f"{percent(groups.mean()[name])}, mean of {groups.size()[name]} seeds",
        f"the first network, of notebook 03: {percent(first)}",
    )


def fastest_recipe(rows: pd.DataFrame) -> tuple[str, str, str]:
    """Cells of a row: seconds and accuracy of net (d), and of the recipes that raced with it."""
    texts = {
        name: f"{row['seconds']:.1f} s for {percent(row['accuracy'])}"
        for name, row in race.summary(rows).iterrows()
    }
    ours = texts.pop("net (d)")
    others = [f"{RECIPES[name]}: {text}" for name, text in sorted(texts.items(), reverse=True)]
    return f"seconds of training, {RECIPES['net (d)']}", ours, "; ".join(others)


def unseen_digits(unseen: pd.DataFrame) -> tuple[str, str, str]:
    """Cells of a row: pictures of one digit by people whom no network saw, all kinds together."""
    one_digit = unseen[unseen["the usual way"].notna()]
    total = one_digit["pictures"].sum()
    right, usual = (
        round((one_digit[column] * one_digit["pictures"]).sum())
        for column in ("exact", "the usual way")
    )
    limits = binomtest(right, total).proportion_ci(method="wilson")
    return (
        f"{total:,} digits of people whom no network saw, scanned, drawn and photographed",
        interval(right / total, limits.low, limits.high),
        f"the usual way (grey, invert, resize, `model.predict`): {percent(usual / total, 1)}",
    )


# --- results/RESULTS.md ---------------------------------------------------------------------------

PEOPLE = {  # a row a kind of picture that people made
    "pictures by other people": as_is("what"),
    "number": number("number"),
    "right (95 % interval)": share_right,
    "the usual way": share("the usual way", 1),
}
READING = {  # a row a kind of picture
    "MNIST test digits, in pictures": as_is("what"),
    "number": number("number"),
    "right (95 % interval)": share_right,
}
PAGES = {  # a row a kind of generated page
    "kind of page": as_is("kind"),
    "pages": number("pages"),
    "every digit right, nothing else read": share("exact", 1),
    "F1 of the digits": number("f1", 3),
}
OPEN = {  # a row a group of pictures that are kept for measuring
    "pictures": as_is("group"),
    "number": number("pictures"),
    "read as they are": share("exact", 1),
    "the usual way": share("the usual way", 1),
}
READER = {"parameters": number("parameters"), "test accuracy": share("test accuracy")}
HISTORY = {  # a row an epoch of net (c)
    "epoch": as_is("epoch"),
    "training accuracy": share("accuracy"),
    "training loss": number("loss", 4),
    "validation accuracy": share("val_accuracy"),
    "validation loss": number("val_loss", 4),
}
ARCHITECTURES = {  # a row a network of notebook 08
    "network": as_is("network"),
    "epochs": as_is("epochs"),
    "validation accuracy": share("validation accuracy"),
    "seconds an epoch": number("s an epoch"),
    "ms a digit": number("ms a digit", 2),
}
ENSEMBLES = {  # a row an ensemble: the mean of its networks' probabilities
    "network": as_is("name"),
    "how many together": as_is("networks"),
    "which": as_is("trained"),
    "test accuracy": share("test accuracy"),
}
CARDS = {  # a row a network that ships
    "network": as_is("name"),
    "test accuracy (95 % interval)": with_interval("test accuracy", 2),
    "parameters": number("parameters"),
    "kB": number("bytes", unit=1000),
    "ms for one digit": number("ms alone", 2),
    "ms a digit, of 500": number("ms of 500", 3),
    "LiteRT: kB": number("LiteRT bytes", unit=1000),
    "LiteRT: ms for one digit": number("LiteRT ms alone", 2),
}


def speed_table(speed: pd.DataFrame) -> str:
    """How it was measured, and a row a kind of picture: median (95th percentile) in ms."""
    (cores,), (runs,) = speed["cores"].unique(), speed["runs"].unique()

    def milliseconds(row: dict, part: str) -> str:
        if pd.isna(row[f"{part}, median"]):
            return "reads one digit only"
        return f"{row[f'{part}, median']:.1f} ({row[f'{part}, 95th percentile']:.1f})"

    columns = {
        "picture": as_is("picture"),
        "digits": as_is("digits"),
        "decoding": partial(milliseconds, part="decoding"),
        "the rest": partial(milliseconds, part="rest"),
        "`read_digits`": partial(milliseconds, part="together"),
        "the usual way": partial(milliseconds, part="usual"),
    }
    how = f"median (95th percentile) of {runs} readings on {cores} CPU cores"
    return f"Milliseconds a picture, {how}.\n\n{table(speed, columns)}"


def networks_table(metrics: pd.DataFrame, seeds: pd.DataFrame) -> str:
    """A row a model: test accuracy of the one that ships, and over the seeds."""
    over_seeds = seeds.set_index("name").agg(["mean", "std"], axis=1)
    columns = {
        "network": as_is("model"),
        "parameters": number("parameters"),
        "test accuracy of the one that ships (95 % interval)": with_interval("test accuracy", 2),
        f"{seeds.shape[1] - 1} seeds, mean ± standard deviation": with_deviation("mean", "std"),
    }
    return table(metrics.join(over_seeds, on="name"), columns)


def race_table(rows: pd.DataFrame, ours: str, own: dict[str, Callable]) -> str:
    """A row a recipe: seconds of training, and test accuracy, over the seeds.

    The seconds of `ours` are what the others' are divided by; `own` is a column of this race alone.
    """
    summary = race.summary(rows, ours).reset_index()
    (seeds,) = summary["seeds"].unique()
    seconds = "{seconds:.1f} ({seconds, mean:.1f} ± {seconds, sd:.1f})"
    columns = {
        "recipe": lambda row: RECIPES[row["recipe"]],
        "parameters": number("parameters"),
        f"seconds, median (mean ± standard deviation) of {seeds} seeds": seconds.format_map,
        "test accuracy, mean ± standard deviation": with_deviation("accuracy", "accuracy, sd"),
        **own,
        "times as long, median of the seeds": number("times as long", 1),
    }
    return table(summary, columns)


AT_GOAL = {f"seeds at {percent(race.GOAL, 1)} or above": "{reach the goal} of {seeds}".format_map}
ERRORS = {"errors of 10,000, mean": lambda row: f"{10_000 * (1 - row['accuracy']):.0f}"}


def augmentation_table(augmentation: pd.DataFrame) -> str:
    """A row a number of digits and a way to change them: the mean over the seeds."""
    groups = augmentation.groupby(["digits", "augmentation", "steps"], sort=False)
    means = groups.mean().assign(seeds=groups.size()).reset_index()
    columns = {
        "training digits": number("digits"),
        "augmentation": as_is("augmentation"),
        "steps": number("steps"),
        "seeds": as_is("seeds"),
        "validation error, mean": share("error"),
        "6 read as 9 or 9 as 6, of all 6 and 9": share("six and nine swapped"),
    }
    return table(means, columns)


def tuning_table(tuning: pd.DataFrame) -> str:
    """How many trials, and a row for each of the best."""
    pruned = (tuning["state"] == "PRUNED").sum()
    best = tuning.sort_values(["jury", "fresh"], ascending=False).head(BEST_TRIALS)
    columns = {
        "trial": as_is("trial"),
        "peak of the learning rate": number("peak", 4),
        "batch, width": "{batch}, {width}".format_map,
        "dropout, label smoothing": "{dropout:.2f}, {smoothing:.2f}".format_map,
        "strength of changes": number("strength", 2),
        "right of the jury's 1,000": share("jury", 1),
        "right of 5,000 fresh digits": share("fresh", 1),
    }
    trials = f"The best {BEST_TRIALS} of {len(tuning)} trials; {pruned} were stopped early."
    return f"{trials}\n\n{table(best, columns)}"


def records_table(records: pd.DataFrame, again: pd.DataFrame) -> str:
    """A row a network of notebook 11: parameters, minutes, and what each training reads.

    Those that ship, and those that were trained again under another Python.
    """
    columns = {
        "network": as_is("network"),
        "parameters": number("parameters"),
        "minutes of training, mean": number("minutes"),
        "test accuracy of those that ship, a seed each": as_is("each"),
        "mean": share("test accuracy"),
        "trained again": as_is("again"),
    }
    groups = records.groupby("network", sort=False)
    networks = groups[["parameters", "minutes", "test accuracy"]].mean()
    for name, frame in (("each", records), ("again", again)):
        texts = frame["test accuracy"].map(percent)
        networks[name] = texts.groupby(frame["network"]).agg(", ".join)
    return table(networks.reset_index(), columns)


def aims_table(records: pd.DataFrame, again: pd.DataFrame, ensembles: pd.DataFrame) -> str:
    """A row an aim: what was wanted, and what all trainings of the network read."""
    names = [f"{row['networks']} {row['name']} together" for row in ensembles.to_dict("records")]
    ensembles = ensembles.assign(network=names)
    ship = pd.concat([records, ensembles[ensembles["trained"] == "those that ship"]])
    every = pd.concat([records, again, ensembles])
    ship, every = (trained.groupby("network")["test accuracy"] for trained in (ship, every))
    rows = []
    for what, name, aim in AIMS:
        first, all_of_them = ship.get_group(name), every.get_group(name)
        cells = {
            "what": what,
            "aim": percent(aim),
            "network": name,
            "those that ship, mean": percent(first.mean()),
            "all trainings, mean": f"{percent(all_of_them.mean())} of {len(all_of_them)}",
            "reached": aim_reached(first.mean(), all_of_them.mean(), aim),
        }
        rows.append(cells)
    return markdown(rows)


def aim_reached(those_that_ship: float, all_trainings: float, aim: float) -> str:
    if min(those_that_ship, all_trainings) >= aim:
        return "yes"
    return "by those that ship only" if those_that_ship >= aim else "no"


def damage_table(mnist_c: pd.DataFrame, robust: pd.DataFrame) -> str:
    """A row a kind of damage: per cent read correctly by each network, of 1,000 digits a kind."""
    columns = mnist_c.set_index("network").T
    seeds = robust[columns.index].T
    columns[f"robust, mean of {seeds.shape[1]} seeds"] = seeds.mean(axis=1)
    columns["robust, lowest"] = seeds.min(axis=1)
    cells = columns.map("{:.1f}".format).reset_index(names="kind of damage")
    return markdown(cells.replace("_", " ", regex=True).to_dict("records"))


def tried_table(tried: pd.DataFrame) -> str:
    """The table as it is stored, cell by cell."""
    return markdown(tried.to_dict("records"))


# --- which block shows which file -----------------------------------------------------------------


class Block(NamedTuple):
    """What makes the text of a block, from the tables of which files of results/."""

    make: Callable[..., str]
    files: tuple[str, ...]


TRIED = (
    *("tried_net_d", "tried_net_d_fit", "tried_small", "tried_medium", "tried_medium_epochs"),
    *("tried_large", "tried_averaging", "tried_finding", "tried_robust"),
)
IN_README = {
    "promise": Block(promise, ("seeds",)),
    "notebooks": Block(notebooks_table, ("times",)),
    "highlights": Block(highlights_table, ("seeds", "records", "race", "open", "reading")),
}
IN_RESULTS = {
    "people": Block(partial(table, columns=PEOPLE), ("people",)),
    "reading": Block(partial(table, columns=READING), ("reading",)),
    "pages": Block(partial(table, columns=PAGES), ("pages",)),
    "open": Block(partial(table, columns=OPEN), ("open",)),
    "reader": Block(partial(table, columns=READER), ("reader",)),
    "speed": Block(speed_table, ("speed",)),
    "networks": Block(networks_table, ("metrics", "seeds")),
    "history": Block(partial(table, columns=HISTORY), ("cnn_history",)),
    "race": Block(partial(race_table, ours="net (d)", own=AT_GOAL), ("race",)),
    "minutes": Block(partial(race_table, ours="medium", own=ERRORS), ("minutes",)),
    "augmentation": Block(augmentation_table, ("augmentation",)),
    "architectures": Block(
        partial(table, columns=ARCHITECTURES, best_first="validation accuracy"), ("architectures",)
    ),
    "tuning": Block(tuning_table, ("tuning",)),
    "records": Block(records_table, ("records", "records_again")),
    "damage": Block(damage_table, ("mnist_c", "robust")),
    "aims": Block(aims_table, ("records", "records_again", "ensembles")),
    "ensembles": Block(partial(table, columns=ENSEMBLES), ("ensembles",)),
    "cards": Block(partial(table, columns=CARDS), ("cards",)),
    "times": Block(partial(notebooks_table, folder="../notebooks"), ("times",)),
} | {name: Block(tried_table, (name,)) for name in TRIED}


def filled(text: str, blocks: dict[str, Block], with_source: bool = False) -> str:
    """The text of a page with its blocks made anew; `with_source`: each names its files."""
    for name, (make, files) in blocks.items():
        content = make(*map(stored, files))
        if with_source:
            content += f"\n\nStored in {', '.join(f'[{file}.csv]({file}.csv)' for file in files)}."
        text = with_block(text, name, content)
    return text


def stored(name: str) -> pd.DataFrame:
    """A table of results/. Those of what was tried hold text as it was written down."""
    as_text = {"dtype": str, "keep_default_na": False} if name in TRIED else {}
    return pd.read_csv(RESULTS / f"{name}.csv", **as_text)


def with_block(text: str, name: str, content: str) -> str:
    """Put `content` between `<!-- NAME -->` and `<!-- end -->`."""
    pattern = rf"<!-- {name} -->.*?<!-- end -->"
    block = f"<!-- {name} -->\n{content}\n<!-- end -->"
    text, count = re.subn(pattern, lambda _: block, text, flags=re.S)
    if count != 1:
        raise ValueError(f"The text needs one block <!-- {name} --> ... <!-- end -->.")
    return text


IN_TEACHING = {"counted": Block(teaching.counted_table, ("times",))}
PAGES = {  # page -> what fills its text
    ROOT / "README.md": partial(filled, blocks=IN_README),
    RESULTS / "RESULTS.md": partial(filled, blocks=IN_RESULTS, with_source=True),
    teaching.GUIDE: partial(filled, blocks=IN_TEACHING),
}


def rewrite(page: Path, change: Callable[[str], str]) -> None:
    """Write what `change` makes of the page's text in its place."""
    text = change(page.read_text(encoding="utf-8"))
    write_whole(page, lambda draft: draft.write_text(text, encoding="utf-8"))


def draw_picture(path: Path) -> None:
    """Four sample pictures, the digits found in them, and what was read."""
    figure, axes = plt.subplot_mosaic(
        [[0, 1], [2, 3]], figsize=(9, 4.6), width_ratios=[1.6, 1], layout="constrained"
    )
    for axis, name in zip(axes.values(), ["two_rows", "shadow", "sloping", "chalk_row"]):
        sample = ROOT / "data" / "samples" / f"{name}.jpg"
        axis.imshow(reading.open_picture(sample))
        for d in reading.read_digits(sample):
            left, top, width, height = d.box
            axis.add_patch(plt.Rectangle((left, top), width, height, fill=False, color="tab:blue"))
            style = {"color": "white", "backgroundcolor": "tab:blue", "weight": "bold"}
            axis.text(left, top, d.digit, va="bottom", **style)
        axis.axis("off")
    write_whole(path, lambda draft: figure.savefig(draft, dpi=90))


if __name__ == "__main__":
    for page, change in PAGES.items():
        rewrite(page, change)
    draw_picture(ROOT / "notebooks" / "images" / "reading.png")
