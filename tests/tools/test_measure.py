"""What measures: speed, races, experiments."""

import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from conftest import ROOT

import utils
from tools.measure import experiments, race, speed


def test_speed_is_split_and_compared_on_one_digit_only(monkeypatch):
    monkeypatch.setattr(speed, "PICTURES", 2)
    monkeypatch.setattr(speed, "ROUNDS", 3)
    (images, _), _ = utils.load_mnist()
    for rows in ([1], [3, 2]):
        kind = speed.Kind("small photo", rows, (400, 300))
        cnn = utils.load_model("cnn")
        row = speed.measure_kind(kind, images, cnn, np.random.default_rng(0))
        assert row["digits"] == sum(rows) and row["runs"] == 6
        parts = ("decoding", "rest", "together")
        assert all(0 < row[f"{p}, median"] <= row[f"{p}, 95th percentile"] for p in parts)
        assert np.isnan(row["usual, median"]) == (len(rows) > 1)


@pytest.mark.parametrize("name", experiments.BUDGETS)
def test_the_tool_for_experiments_finds_the_budget_in_the_notebook(name):
    budget = experiments.BUDGETS[name]
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    lines = "\n".join(c.source for c in notebook.cells if c.cell_type == "code").splitlines()
    assert sum(line.split("  #")[0] == budget.stored for line in lines) == 1
    assert budget.full.split("=")[0] == budget.stored.split("=")[0] and budget.full != budget.stored


def test_experiments_leave_assertions_out():
    """A claim about a page's figures may fail while new ones are measured."""
    source = "x = 1\nassert x == 2\nfor i in range(2):\n    assert i > 5\ndone = x"
    source += "\nif x > 1:\n    x = 2\nelse:\n    assert x > 1"
    changed = experiments.without_assertions(source)
    assert "assert" not in changed
    namespace = {}
    exec(changed, namespace)
    assert namespace["done"] == 1 and namespace["i"] == 1


def test_the_race_compares_recipes_seed_by_seed():
    columns = ["recipe", "seed", "parameters", "seconds", "test accuracy"]
    rows = [
        ("Keras example", 1, 9, 150.0, 0.991), ("published", 1, 8, 12.0, 0.989),
        ("net (d)", 1, 7, 10.0, 0.99), ("Keras example", 2, 9, 420.0, 0.98),
        ("published", 2, 8, 30.0, 0.991), ("net (d)", 2, 7, 20.0, 0.992),
    ]  # fmt: skip
    table = race.summary(pd.DataFrame(rows, columns=columns))
    assert list(table.index) == list(race.TO_99)
    assert table["times as long"].tolist() == pytest.approx([18.0, 1.35, 1.0])
    assert table["seconds"].tolist() == [285.0, 21.0, 15.0]
    assert table["reach the goal"].tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("recipe", "shorter"),
    [
        ("Keras example", {"epochs": 1}),
        ("published", {}),
        ("net (d)", {}),
        ("medium", {"share": 0.05}),
    ],
)
def test_a_recipe_of_the_race_trains(recipe, shorter):
    (images, labels), _ = utils.load_mnist()
    model, seconds = race.RECIPES[recipe](images[:6400], labels[:6400], 1, **shorter)
    x = utils.to_input(images[:500])
    if recipe == "published":
        x = (x - 0.1307) / 0.3081
    answers = model.predict(x, verbose=0).argmax(axis=1)
    assert np.mean(answers == labels[:500]) > 0.5 and seconds > 0
    if recipe == "net (d)":  # from the notebook, not from a copy
        assert model.name == "net_d" and model.optimizer.iterations == 6400 // 128


def test_the_example_gets_its_epochs(monkeypatch):
    monkeypatch.setattr(race, "keras_example", lambda *_, epochs: epochs)
    assert race.keras_example_to_its_end(None, None, 1) == 15


def test_medium_keeps_what_the_page_promises_in_the_time_of_the_example():
    table = race.summary(pd.read_csv(ROOT / "results/minutes.csv"), "medium")
    assert (table["seeds"] == 3).all()
    assert table.loc["medium", "accuracy"] >= 0.9965
    assert table.loc["Keras example, 15 epochs", "times as long"] >= 1


def test_networks_of_notebook_11_keep_what_the_page_promises():
    rows = pd.read_csv(ROOT / "results/records.csv").groupby("network")
    assert (rows.size() == 3).all()
    accuracy, parameters = rows["test accuracy"].mean(), rows["parameters"].first()
    assert accuracy["tiny"] >= 0.99 and parameters["tiny"] < 5_000
    assert accuracy["small"] >= 0.994 and parameters["small"] < 20_000
    assert accuracy["large"] > accuracy["medium"] >= 0.9965 and parameters["large"] < 500_000
    minutes = rows["minutes"].mean()  # of training, on two cores
    assert round(minutes["large"] / minutes["medium"]) >= 4 and minutes["large"] < 60


WORKER = """
import pathlib, sys, time
from tools.measure import race
notebook = race.definitions("09")
path, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(path.parent / f"ready-{seed}").touch()
deadline = time.monotonic() + 240
while len(list(path.parent.glob("ready-*"))) < 2:  # neither begins before the other can
    assert time.monotonic() < deadline, "the other worker did not start"
    time.sleep(0.01)

def objective(trial):
    trial.set_user_attr("worker", seed)
    time.sleep(0.05)  # both are to have their turn
    return -abs(trial.suggest_float("x", 0, 10) - 3)

notebook["open_study"](path, seed).optimize(objective, n_trials=20)
"""


def test_two_workers_share_one_study(tmp_path):
    """What notebook 09 says of several machines, with its own storage and a quick objective."""
    path = tmp_path / "search.log"
    commands = [[sys.executable, "-c", WORKER, str(path), seed] for seed in ("1", "2")]
    workers = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    try:
        assert [worker.wait(timeout=300) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
    trials = race.definitions("09")["open_study"](path).trials
    assert [trial.number for trial in trials] == list(range(40))
    assert all(trial.state.name == "COMPLETE" for trial in trials)
    shares = [[t for t in trials if t.user_attrs["worker"] == worker] for worker in (1, 2)]
    assert len(shares[0]) == len(shares[1]) == 20
    first, second = ((share[0].datetime_start, share[-1].datetime_complete) for share in shares)
    assert first[0] < second[1] and second[0] < first[1]  # at the same time
    assert len({trial.params["x"] for trial in trials}) == 40  # neither repeats the other
    assert max(trial.value for trial in trials) > -0.5


def test_a_function_that_stands_in_several_notebooks_is_the_same_in_all():
    """Each notebook works by itself, and says of these that they are as in notebook 04."""
    images = tf.random.uniform([20, 28, 28, 1])

    def changed(number, *strength):
        tf.random.set_seed(1)
        return race.definitions(number)["random_affine"](images, *strength).numpy()

    expected = changed("04")
    assert np.abs(expected - images).max() > 0.1
    for number, strength in (("08", ()), ("09", (1.0,)), ("11", (1.0,))):
        assert np.abs(changed(number, *strength) - expected).max() < 1e-5
    for number in ("04", "08", "09"):
        schedule = race.definitions(number)["OneCycle"](0.01, 80)
        rates = [float(schedule(step)) for step in (1, 20, 50, 79)]
        assert rates == pytest.approx([0.0005, 0.01, 0.005, 0.01 / 60])


def test_training_again_in_notebook_04_starts_anew():
    notebook = race.definitions("04")
    (images, labels), _ = utils.load_mnist()
    x, y = utils.to_input(images[:256]), labels[:256].astype("int32")
    notebook["x_validation"], notebook["y_validation"] = x, y
    layers = utils.keras.layers
    net = utils.keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    before = [weights.copy() for weights in net.get_weights()]
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(128)
    nets = [notebook["train"](net, data, 1, "sgd")[0] for _ in range(2)]
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))
    first, second = (trained.get_weights()[0] for trained in nets)
    assert nets[0] is not nets[1] and np.abs(first - second).max() > 0


def test_net_d_keeps_what_the_page_promises():
    table = race.summary(pd.read_csv(ROOT / "results/race.csv"))
    assert (table["seeds"] == 5).all()
    assert table.loc["net (d)", "reach the goal"] >= 4
    assert table.loc["Keras example", "times as long"] >= 15
    assert table.loc["published", "times as long"] >= 1 / 0.8
