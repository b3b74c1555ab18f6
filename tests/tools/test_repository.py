"""The README's figures, the pins, and the tools around the notebooks."""

import re
import shutil
import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from conftest import ROOT

import utils
from reading import network
from tools import check, execute
from tools.measure import experiments, race, speed
from tools.ship import cards, reader, tables


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
    tables = [
        pd.read_csv(ROOT / f"results/{name}.csv") for name in ("records", "records_again")
    ]
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


def test_every_package_is_pinned_once_with_a_reason():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+ +# .+", line) for line in packages)
    assert len(check.pins()) == len(packages) >= 10
    environment = (ROOT / "environment.yml").read_text()
    assert "-r requirements.txt" in environment
    assert re.findall(r"\d+\.\d+", environment) == ["3.12"]


def test_doctor_is_content_here():
    """But for memory and disk, which are the machine's."""
    result = subprocess.run(
        [sys.executable, "-m", "tools.check"], cwd=ROOT, capture_output=True, text=True
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith("[")]
    about_the_course = [line for line in lines if " free" not in line]
    assert len(about_the_course) > 20 and len(lines) == len(about_the_course) + 2
    assert all(line.startswith("[ OK ]") for line in about_the_course), result.stdout


def test_doctor_names_what_is_wrong_and_the_remedy(tmp_path, monkeypatch, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "SHA256SUMS").write_text("0" * 64 + "  mnist.npz\n")
    (tmp_path / "data" / "mnist.npz").write_bytes(b"damaged")
    (tmp_path / "requirements.txt").write_text("numpy==0.1\nno-such-package==1.0\n")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    assert check.main() == 1 and set(check.NETWORKS) == set(cards.CARDS)
    out = capsys.readouterr().out
    assert "[FAIL] numpy 0.1 (found: " in out
    assert "[FAIL] no-such-package 1.0 (found: None)" in out
    assert "[FAIL] data/mnist.npz" in out and "-> git checkout -- data/mnist.npz" in out
    assert "[FAIL] models/shipped/cnn.keras" in out
    assert "-m pip install -r requirements.txt" in out


def small_notebook(path, *sources):
    cells = list(map(nbformat.v4.new_code_cell, sources))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_notebook_of_the_run_trains_where_other_tests_do_not_look(tmp_path):
    path = small_notebook(
        tmp_path / "07_trains.ipynb",
        "import os; print(os.path.basename(os.environ['DIGITS_MODELS']))",
    )
    notebook = nbformat.read(path, as_version=4)
    stored = nbformat.v4.new_output("stream", name="stdout", text="trained\n")
    notebook.cells[0].outputs, notebook.cells[0].execution_count = [stored], 1
    nbformat.write(notebook, path)
    other = "tests/course/test_exercises.py::test_there_are_enough_and_each_has_its_solution"
    command = [sys.executable, "-m", "pytest", "-q", f"--rootdir={ROOT}", "-c", "pyproject.toml"]
    done = subprocess.run([*command, other, path], cwd=ROOT, capture_output=True, text=True)
    assert re.search(r"^2 passed", done.stdout, re.M), done.stdout


def test_a_failing_notebook_is_named_with_cell_and_error(tmp_path):
    path = small_notebook(tmp_path / "07_broken.ipynb", "a = 1", "a / 0")
    message = r"07_broken\.ipynb, code cell 2 of 2: ZeroDivisionError: division by zero"
    with pytest.raises(execute.NotebookError, match=message):
        execute.execute(path)


def test_a_killed_kernel_is_named(tmp_path):
    path = small_notebook(tmp_path / "07_killed.ipynb", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(execute.NotebookError, match=r"code cell 1 of 1: the kernel died"):
        execute.execute(path)


def test_an_execution_is_measured(tmp_path):
    path = small_notebook(tmp_path / "07_good.ipynb", "x = bytearray(200_000_000)", "print(SEED)")
    done = execute.execute(path, change=lambda source: source.replace("SEED", "7"))
    assert done.notebook.cells[1].outputs[0].text == "7\n"
    assert done.peak_memory > 200_000_000 and done.seconds > 0


def test_speed_is_split_and_compared_on_one_digit_only(monkeypatch):
    monkeypatch.setattr(speed, "PICTURES", 2)
    monkeypatch.setattr(speed, "ROUNDS", 3)
    (images, _), _ = utils.load_mnist()
    for rows in ([1], [3, 2]):
        kind = speed.Kind("small photo", rows, (400, 300))
        networks = network.reader(), utils.load_model("cnn")
        row = speed.measure_kind(kind, images, *networks, np.random.default_rng(0))
        assert row["digits"] == sum(rows) and row["runs"] == 6
        parts = ("decoding", "rest", "together")
        assert all(0 < row[f"{p}, median"] <= row[f"{p}, 95th percentile"] for p in parts)
        assert np.isnan(row["usual, median"]) == (len(rows) > 1)


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_alone_lists_the_commands():
    out = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True).stdout
    names = "run test lab app check refresh reader experiments bench fuzz lint clean"
    for command in names.split():
        assert f"make {command} " in out


def test_lint_is_clean():
    for arguments in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "."]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout


def test_the_tool_that_trains_the_reader_finds_the_budget_in_the_notebook():
    """The notebook stores a short training; the tool has to find where to lengthen it."""
    notebook = nbformat.read(ROOT / "notebooks" / "10_reading_network.ipynb", as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for line in (reader.STORED, reader.TRAINING):
        (source,) = (source for source in sources if line in source)
        assert reader.to_full_budget(source) != source


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


def test_net_d_keeps_what_the_page_promises():
    table = race.summary(pd.read_csv(ROOT / "results/race.csv"))
    assert (table["seeds"] == 5).all()
    assert table.loc["net (d)", "reach the goal"] >= 4
    assert table.loc["Keras example", "times as long"] >= 15
    assert table.loc["published", "times as long"] >= 1 / 0.8
