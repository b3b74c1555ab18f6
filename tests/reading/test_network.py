"""The networks that ship, called without TensorFlow."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from conftest import ROOT
from pictures import read, some_digits, training_digits

from reading import ModelError, files, network, prepare
from reading.files import get_back

CONTENT = network.READER_FILE.read_bytes()
HEADER = 16  # bytes: where the tables begin, the file's sign, and the first table


def some_input(count: int) -> np.ndarray:
    return prepare.to_input(some_digits(count, seed=8)[0])


# --- answers ---


def test_it_knows_training_digits():
    images, labels = training_digits()
    answers = network.reader().predict_on_batch(prepare.to_input(images[:500]))
    assert answers.dtype == np.float32 and answers.shape == (500, 11)
    assert answers.sum(axis=1) == pytest.approx(np.ones(500), abs=1e-4)
    assert np.mean(answers[:, :10].argmax(axis=1) == labels[:500]) > 0.98


def test_batches_of_any_size_answer_as_each_digit_alone():
    model, x = network.Network(network.READER_FILE), some_input(22)
    batches = [model.predict_on_batch(part) for part in (x[:1], x[1:21], x[21:])]
    alone = [network.Network(network.READER_FILE).predict_on_batch(x[i : i + 1]) for i in range(22)]
    assert [len(answers) for answers in batches] == [1, 20, 1]
    assert np.abs(np.concatenate(batches) - np.concatenate(alone)).max() < 1e-6


def test_an_answer_stays_as_it_is_when_more_is_asked():
    model, x = network.Network(network.READER_FILE), some_input(2)
    first = model.predict_on_batch(x[:1])
    kept = first.copy()
    model.predict_on_batch(x[1:])
    assert np.array_equal(first, kept)


def test_threads_that_share_a_network_get_their_own_answers():
    """Each asks with another number of digits, so that the network is fitted anew each time."""
    model = network.Network(network.READER_FILE)
    asked = [some_input(40)[start : start + 1 + start % 7] for start in range(32)] * 4
    expected = [model.predict_on_batch(x) for x in asked]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(model.predict_on_batch, asked))
    for found, right in zip(answers, expected, strict=True):
        assert found.shape == right.shape and np.abs(found - right).max() < 1e-6


def test_the_network_that_ships_is_read_once():
    assert network.reader() is network.reader()


# --- missing and damaged files ---


def test_a_reader_of_one_s_own_is_asked_until_it_is_deleted(tmp_path, monkeypatch):
    own, shipped = tmp_path / "my_hand.tflite", network.reader()
    monkeypatch.setattr(network, "MY_READER_FILE", own)
    monkeypatch.setattr(network, "asks_my_reader", True)
    assert network.reader() is shipped and network.about_my_reader() == ""
    own.write_bytes(CONTENT + network.mark_of_reader())
    mine = network.reader()
    assert mine is not shipped and network.reader() is mine
    assert network.about_my_reader() == network.MY_READER_ANSWERS
    own.write_bytes(b"damaged" + network.mark_of_reader())
    os.utime(own, ns=(1, 1))  # a clock may be too coarse to tell the two files apart
    with pytest.raises(ModelError, match=r"my_hand\.tflite is damaged\. Delete it"):
        network.reader()
    own.unlink()
    assert network.reader() is shipped


def test_a_reader_of_one_s_own_from_another_version_is_not_asked(tmp_path, monkeypatch):
    own, shipped = tmp_path / "my_hand.tflite", network.reader()
    monkeypatch.setattr(network, "MY_READER_FILE", own)
    monkeypatch.setattr(network, "asks_my_reader", True)
    for mark in (b"", network.mark_of_reader()[:-1] + b"x"):
        own.write_bytes(CONTENT + mark)
        os.utime(own, ns=(len(mark), len(mark)))
        assert network.reader() is shipped
        assert network.about_my_reader() == network.MY_READER_IS_OLD
    own.unlink()
    own.mkdir()  # what cannot be read
    assert network.reader() is shipped and network.about_my_reader() == network.MY_READER_IS_OLD


@pytest.mark.parametrize(("first", "is_asked"), [("", True), ("import tools.measure", False)])
def test_what_measures_asks_the_reader_that_ships(first, is_asked, tmp_path):
    """In a process of its own, as `make bench` is one; the other reader is told by its damage."""
    (tmp_path / "my_hand.tflite").write_bytes(b"damaged" + network.mark_of_reader())
    ended = subprocess.run(
        [sys.executable, "-c", f"{first}\nfrom reading import network\nnetwork.reader()"],
        cwd=ROOT, env=os.environ | {"DIGITS_MODELS": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert ("my_hand.tflite is damaged" in ended.stderr) == is_asked
    assert bool(ended.returncode) == is_asked


def test_a_missing_file_is_named_with_a_remedy(tmp_path):
    path = tmp_path / "nowhere.tflite"
    with pytest.raises(ModelError, match="No such file") as raised:
        network.Network(path)
    assert str(path) in str(raised.value)
    assert get_back("models/shipped") in str(raised.value)


@pytest.mark.parametrize(
    "cloned, remedy",
    [
        (True, "Get it back with: git checkout -- a/b c"),
        (False, "Get it back from a fresh download of the course: copy a/b and c."),
    ],
)
def test_the_remedy_works_in_a_clone_and_in_a_zip_download(tmp_path, monkeypatch, cloned, remedy):
    monkeypatch.setattr(files, "ROOT", tmp_path)
    if cloned:
        (tmp_path / ".git").mkdir()
    assert get_back("a/b", "c") == remedy


def test_a_folder_is_no_network(tmp_path):
    with pytest.raises(ModelError, match="Cannot read"):
        network.Network(tmp_path)


@pytest.mark.parametrize("name", ["finder", "reader", "judge"])
def test_a_picture_without_a_network_raises_a_model_error(name, tmp_path, monkeypatch):
    monkeypatch.setattr(network, name, lambda: network.Network(tmp_path / "none.tflite"))
    picture = cv2.putText(np.full((90, 60), 255, np.uint8), "2", (15, 65), 0, 2, 0, 4)
    with pytest.raises(ModelError, match=r"none\.tflite"):
        read(picture)


def outcome_of(content: bytes, path) -> str:
    """What becomes of a network with this content, in a process apart: a crash ends that alone."""
    path.write_bytes(content)
    code = (
        "import sys, numpy, reading\n"
        "from reading.network import Network\n"
        "try:\n"
        "    answers = Network(sys.argv[1]).predict_on_batch(\n"
        "        numpy.zeros((2, 28, 28, 1), numpy.float32))\n"
        "    print('answers', len(answers))\n"
        "except reading.ModelError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize(
    "content",
    [b"", b"no network at all\n" * 20, bytes(1000)]
    + [CONTENT[: int(len(CONTENT) * share)] for share in (1e-5, 1e-3, 0.3, 0.9)]
    + [CONTENT[:-1]],
    ids=["empty", "text", "zeros", "few bytes", "a thousandth", "a third", "most", "all but one"],
)
def test_a_damaged_file_is_named_with_a_remedy(tmp_path, content):
    path = tmp_path / "damaged.tflite"
    said = outcome_of(content, path)
    assert said.startswith(f"{path} is damaged") and get_back("models/shipped") in said


@pytest.mark.parametrize("place", range(HEADER))
def test_a_changed_byte_in_the_header_crashes_nothing(tmp_path, place):
    """Some bytes only fill a gap: then the network answers."""
    content = bytearray(CONTENT)
    content[place] ^= 0xFF
    path = tmp_path / "changed.tflite"
    said = outcome_of(bytes(content), path)
    assert said == "answers 2" or said.startswith(f"{path} is damaged")
