"""Saving and loading models; the models that ship."""

import json
import logging
import os
import re
import subprocess
import sys
import zipfile

import keras
import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from nbclient import NotebookClient

import utils
from reading.network import Network
from tools.measure import ensembles
from tools.ship import cards


def tiny_model() -> keras.Model:
    return keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    )


@pytest.mark.parametrize("name", ["tiny", "tiny.h5", "tiny.v2"])
def test_round_trip(models, name):
    model = tiny_model()
    path = utils.save_model(model, name)
    x = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    assert np.allclose(model(x), utils.load_model(name)(x), atol=1e-6)
    assert [p.name for p in models.iterdir()] == [path.name]


def test_own_model_comes_before_the_shipped_one(models):
    x = np.ones((1, 28, 28, 1), np.float32)
    shipped = utils.load_model("dense")(x)
    own = tiny_model()
    utils.save_model(own, "dense")
    assert np.allclose(utils.load_model("dense")(x), own(x))
    assert not np.allclose(own(x), shipped)


def test_newly_trained_model_replaces_the_one_loaded_before(models):
    x = np.ones((1, 28, 28, 1), np.float32)
    for _ in range(2):
        model = tiny_model()
        utils.save_model(model, "mine")
        assert np.allclose(utils.load_model("mine")(x), model(x))


def test_training_again_and_again_warns_of_nothing():
    """As a learner does who runs a cell of training several times."""
    said, x = [], np.zeros((2, 28, 28, 1), np.float32)
    handler, logger = logging.Handler(), logging.getLogger("tensorflow")
    handler.emit = said.append
    logger.addHandler(handler)
    try:
        for _ in range(8):
            model = tiny_model()
            model.compile("sgd", "mse")
            model.fit(x, np.zeros((2, 10)), verbose=0)
    finally:
        logger.removeHandler(handler)
    assert not said, said[0].getMessage()


def test_importing_utils_says_nothing_and_takes_tensorflow():
    """Whatever another program has set before."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    result = subprocess.run(
        [sys.executable, "-c", "import utils; assert utils.keras.config.backend() == 'tensorflow'"],
        cwd=ROOT, env=environment | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True,
    )  # fmt: skip
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_missing_model_names_its_notebook(models, monkeypatch, tmp_path):
    monkeypatch.setattr(utils, "SHIPPED", tmp_path)
    for name, maker in utils.MADE_BY.items():
        assert (ROOT / "notebooks" / maker).is_file()
        with pytest.raises(utils.ModelError, match=f"no model '{name}'.*{maker}"):
            utils.load_model(name)
    for name in utils.ONLY_SHIPPED:
        with pytest.raises(utils.ModelError, match=f"no model '{name}'.*Get it back"):
            utils.load_model(name)
    with pytest.raises(utils.ModelError, match="no model 'unheard'"):
        utils.load_model("unheard")


@pytest.mark.parametrize("damage", ["empty", "text", "truncated"])
def test_damaged_model(models, damage):
    path = utils.save_model(tiny_model(), "cnn")
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "text": b"hello", "truncated": whole[:500]}[damage])
    with pytest.raises(utils.ModelError, match=r"damaged.*04_cnn_training\.ipynb"):
        utils.load_model("cnn")


def rewritten(path, **changes):
    """Change parts of a `.keras` file: a function from the old content to the new one each."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    for name, change in changes.items():
        parts[f"{name}.json"] = change(parts[f"{name}.json"].decode()).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)


def test_a_model_of_a_newer_keras_says_both_versions(models):
    path = utils.save_model(tiny_model(), "mine")
    rewritten(
        path,
        config=lambda text: text.replace('"units": 10', '"units": 10, "unheard_of": 1'),
        metadata=lambda text: text.replace(keras.__version__, "3.99.0"),
    )
    said = f"saved by Keras 3.99.0; Keras {keras.__version__}, which runs here"
    with pytest.raises(utils.ModelError, match=re.escape(said)):
        utils.load_model("mine")


def test_a_model_that_holds_code_is_refused_as_such(models):
    network = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Lambda(lambda x: x / 2)])
    models.mkdir()
    network.save(models / "mine.keras")
    with pytest.raises(utils.ModelError, match="holds code"):
        utils.load_model("mine")


def test_weights_alone_are_named_as_such(models):
    models.mkdir()
    tiny_model().save_weights(models / "mine.weights.h5")
    with pytest.raises(utils.ModelError, match=r"weights without an architecture.*load_weights"):
        utils.load_model("mine.weights.h5")


def test_saved_models_leave_out_what_an_older_keras_does_not_know(models):
    """Settings that are the default; what is left makes the same network."""
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(4, 3, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    path = utils.save_model(network, "mine")
    assert settings_of(path).isdisjoint(NEW_SETTINGS)
    restored = utils.load_model("mine")
    assert json.dumps(restored.get_config()) == json.dumps(network.get_config())


# What Keras 3.10 refuses and 3.15 writes.
NEW_SETTINGS = {"renorm", "renorm_clipping", "renorm_momentum", "input_axes", "output_axes"}


def settings_of(path) -> set[str]:
    """All names of settings in a `.keras` file."""
    with zipfile.ZipFile(path) as file:
        return set(re.findall(r'"(\w+)":', file.read("config.json").decode()))


def test_what_ships_leaves_it_out_as_well():
    for path in utils.SHIPPED.glob("*.keras"):
        names = settings_of(path)
        assert "filters" in names or "units" in names
        assert names.isdisjoint(NEW_SETTINGS), path.name


def test_damaged_shipped_model_is_not_to_be_deleted(models, monkeypatch, tmp_path):
    monkeypatch.setattr(utils, "SHIPPED", tmp_path)
    (tmp_path / "cnn.keras").write_bytes(b"hello")
    with pytest.raises(utils.ModelError, match=r"damaged.*Get it back .*models/shipped"):
        utils.load_model("cnn")


def test_accuracies_over_seeds_are_what_the_course_promises():
    seeds = pd.read_csv(utils.RESULTS / "seeds.csv", index_col="name")
    assert seeds.shape == (4, 3) and not seeds.isna().any(axis=None)
    assert seeds.loc["dense"].mean() >= 0.980
    assert seeds.loc["cnn_a"].mean() >= 0.988
    assert seeds.loc["cnn_b"].mean() >= 0.988
    assert seeds.loc["cnn"].mean() >= 0.994
    times = pd.read_csv(utils.RESULTS / "times.csv")
    assert times["peak_memory_gb"].max() <= 1.5


def test_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "kept.keras"
    path.write_bytes(b"old")

    def fill_the_disk(draft):
        draft.write_bytes(b"half of the ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        utils.write_whole(path, fill_the_disk)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_while_saving_leaves_the_old_file(tmp_path):
    path = tmp_path / "kept.keras"
    path.write_bytes(b"old")
    code = (
        "import os, utils, pathlib\n"
        "def die(draft):\n"
        "    draft.write_bytes(b'half of the ne')\n"
        "    os.kill(os.getpid(), 9)\n"
        f"utils.write_whole(pathlib.Path({str(path)!r}), die)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT)
    assert result.returncode == -9
    assert path.read_bytes() == b"old"


@pytest.fixture(scope="module")
def judged() -> dict[str, tuple[float, int]]:
    """Test accuracy and parameters of every network that ships."""
    _, (images, labels) = utils.load_mnist()
    x = utils.to_input(images)
    found = {}
    for path in utils.SHIPPED.glob("*.keras"):
        network = keras.models.load_model(path, compile=False, safe_mode=True)
        parts = [np.asarray(network(part, training=False)) for part in np.array_split(x, 20)]
        answers = np.concatenate(parts)[:, :10].argmax(axis=1)
        found[path.stem] = float(np.mean(answers == labels)), network.count_params()
    return found


@pytest.mark.parametrize("table", ["metrics", "reader", "cards"])
def test_shipped_networks_are_as_good_as_their_figures(judged, table):
    rows = pd.read_csv(utils.RESULTS / f"{table}.csv")
    names = rows.get("name", ["reader"])
    for name, (_, row) in zip(names, rows.iterrows(), strict=True):
        accuracy, parameters = judged[name]
        # Processors round differently: a digit or two on the edge may fall to the other side.
        assert accuracy == pytest.approx(row["test accuracy"], abs=0.0005)
        assert parameters == row["parameters"]


def test_the_reader_still_reads_mnist(judged):
    assert judged["reader"][0] >= 0.993


def test_every_network_that_ships_has_its_card(judged):
    assert set(judged) == set(cards.CARDS) >= {"dense", "cnn", *utils.ONLY_SHIPPED}
    rows = pd.read_csv(utils.RESULTS / "cards.csv", index_col="name")
    assert list(rows.index) == list(cards.CARDS)
    for name, size in rows["bytes"].items():
        assert (utils.SHIPPED / f"{name}.keras").stat().st_size == size
    as_litert = rows["LiteRT bytes"].dropna()
    assert set(as_litert.index) == set(cards.AS_LITERT)
    for name, size in as_litert.items():
        assert (utils.SHIPPED / f"{name}.tflite").stat().st_size == size
    text = cards.cards()
    assert re.findall(r"^### (\w+): ", text, re.M) == list(cards.CARDS)
    assert text.count("- **As LiteRT:** ") == len(cards.AS_LITERT)


def test_networks_that_ship_read_together_what_is_stored():
    stored = pd.read_csv(ensembles.PATH)
    stored = stored[stored["trained"] == ensembles.SHIP].reset_index(drop=True)
    measured = ensembles.measure()
    fixed = ["name", "trained", "networks"]
    assert measured[fixed].equals(stored[fixed])
    # Processors round differently: a digit or two on the edge may fall to the other side.
    assert measured["test accuracy"].tolist() == pytest.approx(
        stored["test accuracy"].tolist(), abs=0.0002
    )


@pytest.mark.parametrize("name", cards.AS_LITERT)
def test_networks_answer_alike_as_litert(name):
    """On the test digits, and on what is asked about the pictures that people made."""
    _, (images, _) = utils.load_mnist()
    asked = [utils.to_input(part) for part in np.split(images, 20)]
    if name == "reader":
        people = sorted((utils.DATA / "people").glob("*/*_*.*"))
        asked += pieces_of(people)
    network = keras.models.load_model(utils.SHIPPED / f"{name}.keras", safe_mode=True)
    exported = Network(utils.SHIPPED / f"{name}.tflite")
    assert sum(map(len, asked)) >= 10_000 + 400 * (name == "reader")
    for part in asked:
        expected = np.asarray(network(part, training=False))
        assert np.abs(exported.predict_on_batch(part) - expected).max() < 1e-4


def pieces_of(paths: list) -> list[np.ndarray]:
    """What `read_digits` asks the network about these pictures, a batch a call."""
    asked, shipped = [], Network(utils.SHIPPED / "reader.tflite")

    class Listener:
        def predict_on_batch(self, x):
            asked.append(x)
            return shipped.predict_on_batch(x)

    for path in paths:
        utils.read_digits(path, Listener())
    return asked


def test_an_interrupted_experiment_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(utils, "EXPERIMENTS", str(tmp_path))
    trained = []

    def run(seeds, interrupt_at=None):
        def train(seed):
            if seed == interrupt_at:
                raise KeyboardInterrupt
            trained.append(seed)
            return {"error": seed / 3}

        settings = [{"size": "500", "seed": seed} for seed in seeds]
        return [utils.measured("trial", s, lambda s=s: train(s["seed"])) for s in settings]

    with pytest.raises(KeyboardInterrupt):
        run([1, 2, 3], interrupt_at=3)
    assert trained == [1, 2] and len(utils.full_budget("trial")) == 2
    rows = run([1, 2, 3])
    assert trained == [1, 2, 3] and [row["seed"] for row in rows] == trained
    assert [row["error"] for row in rows] == pytest.approx([1 / 3, 2 / 3, 1])
    assert utils.full_budget("trial")["error"].tolist() == [1 / 3, 2 / 3, 1]
    utils.measured("trial", {"size": "5000", "seed": 1}, lambda: {"error": 0.0})
    assert len(utils.full_budget("trial")) == 4  # another setting is another row


def test_a_learner_s_run_keeps_no_rows_and_reads_those_that_ship(tmp_path, monkeypatch):
    monkeypatch.setattr(utils, "RESULTS", tmp_path)
    pd.DataFrame({"error": [0.5]}).to_csv(tmp_path / "trial.csv", index=False)
    assert utils.measured("trial", {"seed": 1}, lambda: {"error": 0.1})["error"] == 0.1
    assert utils.full_budget("trial")["error"].tolist() == [0.5]


def test_a_notebook_shows_the_message_and_no_traceback():
    messages = {
        "utils.load_model('unheard')": "ModelError: There is no model 'unheard'",
        "utils.read_digits('nowhere.jpg')": "ImageError: Cannot read nowhere.jpg",
        "utils.load_mnist('nowhere.npz')": "DataError: Cannot read nowhere.npz",
    }
    cells = list(map(nbformat.v4.new_code_cell, ["import utils", *messages]))
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": ROOT}}
    NotebookClient(
        notebook, kernel_name="python3", allow_errors=True, resources=resources
    ).execute()
    assert notebook.cells[0].outputs == []
    for cell, message in zip(notebook.cells[1:], messages.values(), strict=True):
        traceback = "\n".join(cell.outputs[-1]["traceback"])
        assert traceback.startswith(message)
        assert "File" not in traceback and "\n" not in traceback
