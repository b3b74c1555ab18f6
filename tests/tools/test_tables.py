"""The README's tables and figures."""

import re

import pandas as pd
from conftest import ROOT

from tools.ship import tables


def test_readme_tables_are_those_of_the_stored_figures():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert tables.filled(text) == text


def test_figures_in_the_readme_s_sentences_are_those_of_the_stored_figures():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (accuracy,) = re.findall(r"read ([\d.]+) % of its test digits", text)
    seeds = pd.read_csv(ROOT / "results/seeds.csv", index_col="name")
    assert accuracy == f"{100 * seeds.loc['cnn'].mean():.1f}"
    (samples,) = re.findall(r"`data/samples/`: (\d+) pictures", text)
    assert int(samples) == len(pd.read_csv(ROOT / "data/samples/labels.csv"))


def test_all_trainings_of_the_medium_network_have_the_mean_that_the_readme_says():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    on_two_cores, number, mean = re.search(
        r"one on two cores \(([\d.]+) %\).* All (\w+) have ([\d.]+) % on average", text
    ).groups()
    tables = [pd.read_csv(ROOT / f"results/{name}.csv") for name in ("records", "records_again")]
    accuracies = [a for t in tables for a in t.loc[t["network"] == "medium", "test accuracy"]]
    accuracies.append(float(on_two_cores) / 100)
    assert (len(accuracies), number) == (7, "seven")
    assert mean == f"{100 * sum(accuracies) / 7:.2f}"


def test_minutes_that_a_notebook_promises_are_those_of_the_stored_figures():
    for row in pd.read_csv(ROOT / "results/times.csv").itertuples():
        text = (ROOT / "notebooks" / f"{row.notebook}.ipynb").read_text(encoding="utf-8")
        (promised,) = re.findall(r"About (?:\d+ to )?(\d+|half a) minutes?", text)
        longest = float(promised.replace("half a", "0.5"))
        assert 0.9 * row.minutes <= longest <= 2 * row.minutes + 0.5, row.notebook


def test_readme_links_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    assert len(targets) >= 6
    for target in targets:
        assert (ROOT / target).exists(), target
