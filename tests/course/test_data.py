"""Loading MNIST, from the repository's file and from CSV."""

import hashlib

import numpy as np
import pandas as pd
import pytest

import utils

SHAPES = {
    "x_train": (60000, 28, 28),
    "y_train": (60000,),
    "x_test": (10000, 28, 28),
    "y_test": (10000,),
}


@pytest.fixture(scope="module")
def mnist():
    return utils.load_mnist()


def test_arrays_are_those_of_the_checksums(mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    lines = (utils.DATA / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in map(str.split, lines)}
    for name, array in arrays.items():
        assert array.dtype == np.uint8
        assert array.shape == SHAPES[name]
        assert hashlib.sha256(array.tobytes()).hexdigest() == sums[name]


def test_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(utils.DataError, match=r"Cannot read .*nothing\.npz.*Get it back"):
        utils.load_mnist(tmp_path / "nothing.npz")


@pytest.mark.parametrize("damage", ["truncated", "altered", "empty"])
def test_damaged_file_says_what_was_expected(tmp_path, damage):
    content = bytearray((utils.DATA / "mnist.npz").read_bytes())
    if damage == "truncated":
        content = content[:-100]
    elif damage == "altered":
        content[5000] ^= 1
    else:
        content = b""
    path = tmp_path / "mnist.npz"
    path.write_bytes(content)
    with pytest.raises(utils.DataError, match=r"damaged.*expected SHA-256 06af5dfe.*Get it back"):
        utils.load_mnist(path)


def test_pickled_arrays_are_refused(tmp_path, monkeypatch):
    """A file with the expected checksum but objects in it is not unpickled."""
    np.savez(tmp_path / "mnist.npz", x_train=np.array([{}], dtype=object))
    content = (tmp_path / "mnist.npz").read_bytes()
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(content).hexdigest()}  mnist.npz\n")
    monkeypatch.setattr(utils, "DATA", tmp_path)
    with pytest.raises(utils.DataError, match="does not hold the MNIST arrays"):
        utils.load_mnist(tmp_path / "mnist.npz")


def write_csv(path, images, labels=None):
    table = pd.DataFrame(
        images.reshape(len(images), -1), columns=[f"pixel{i}" for i in range(28 * 28)]
    )
    if labels is not None:
        table.insert(0, "label", labels)
    table.to_csv(path, index=False)
    return path


def test_csv_round_trip(tmp_path, mnist):
    (images, labels), _ = mnist
    read_images, read_labels = utils.load_mnist_csv(
        write_csv(tmp_path / "some.csv", images[:20], labels[:20])
    )
    assert np.array_equal(read_images, images[:20])
    assert read_images.dtype == read_labels.dtype == np.uint8
    assert np.array_equal(read_labels, labels[:20])


def test_csv_without_labels(tmp_path, mnist):
    (images, _), _ = mnist
    read_images, read_labels = utils.load_mnist_csv(write_csv(tmp_path / "x.csv", images[:3]))
    assert np.array_equal(read_images, images[:3])
    assert read_labels is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="pixel7"), "lacks 1 of the 784 pixel columns.*'pixel7'"),
        (lambda t: t.assign(pixel3=256), "pixel that is no whole number from 0 to 255"),
        (lambda t: t.assign(pixel3=0.5), "pixel that is no whole number from 0 to 255"),
        (lambda t: t.assign(pixel3="a"), "pixel that is no whole number from 0 to 255"),
        (lambda t: t.assign(label=10), "label that is no whole number from 0 to 9"),
        (lambda t: t.assign(label=None), "label that is no whole number from 0 to 9"),
    ],
)
def test_bad_csv_is_named(tmp_path, mnist, change, message):
    (images, labels), _ = mnist
    path = write_csv(tmp_path / "bad.csv", images[:2], labels[:2])
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(utils.DataError, match=message):
        utils.load_mnist_csv(path)


def test_csv_with_its_names_in_capitals_and_its_numbers_as_decimals_is_read(tmp_path, mnist):
    (images, labels), _ = mnist
    path = write_csv(tmp_path / "some.csv", images[:20], labels[:20])
    table = pd.read_csv(path).astype(float)
    table.rename(columns=lambda name: f" {name.capitalize()}").to_csv(path, index=False)
    read_images, read_labels = utils.load_mnist_csv(path)
    assert np.array_equal(read_images, images[:20]) and np.array_equal(read_labels, labels[:20])


def test_csv_with_a_wrong_value_names_line_and_column(tmp_path, mnist):
    (images, labels), _ = mnist
    path = write_csv(tmp_path / "bad.csv", images[:9], labels[:9])
    table = pd.read_csv(path).astype(object)
    table.loc[4, "pixel300"] = "x"
    table.to_csv(path, index=False)
    with pytest.raises(utils.DataError, match=r"bad\.csv, line 6, holds a pixel.*pixel300 is 'x'"):
        utils.load_mnist_csv(path)


@pytest.mark.parametrize("first", [1, 2, 5])
def test_csv_with_too_many_values_names_the_line(tmp_path, mnist, first):
    """pandas would take the first value for the row's name, and shift all others."""
    (images, labels), _ = mnist
    path = write_csv(tmp_path / "long.csv", images[:9], labels[:9])
    lines = path.read_text().splitlines()
    path.write_text("\n".join(f"{line},0" if n >= first else line for n, line in enumerate(lines)))
    with pytest.raises(utils.DataError, match=rf"long\.csv.*line {first + 1}\b"):
        utils.load_mnist_csv(path)


def test_csv_without_rows_says_so(tmp_path, mnist):
    (images, labels), _ = mnist
    path = write_csv(tmp_path / "none.csv", images[:1], labels[:1])
    path.write_text(path.read_text().splitlines()[0])
    with pytest.raises(utils.DataError, match="holds no rows"):
        utils.load_mnist_csv(path)


@pytest.mark.parametrize("ending", ["gz", "xz", "bz2", "zip"])
@pytest.mark.parametrize("damage", ["cut", "page"])
def test_damaged_compressed_csv(tmp_path, mnist, ending, damage):
    (images, labels), _ = mnist
    path = write_csv(tmp_path / f"some.csv.{ending}", images[:20], labels[:20])
    assert len(utils.load_mnist_csv(path)[0]) == 20
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"<html>Not found</html>")
    with pytest.raises(utils.DataError, match=f"Cannot read .*some.csv.{ending} as CSV"):
        utils.load_mnist_csv(path)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00bad"])
def test_no_csv_at_all(tmp_path, content):
    path = tmp_path / "no.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(utils.DataError):
        utils.load_mnist_csv(path)


def test_to_input_scales_and_adds_the_channel(mnist):
    (images, _), _ = mnist
    x = utils.to_input(images[:5])
    assert x.shape == (5, 28, 28, 1)
    assert x.dtype == np.float32
    assert x.max() == 1
    assert np.allclose(x[..., 0] * 255, images[:5])


@pytest.mark.parametrize(
    "wrong", [np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28)), np.zeros((1, 20, 20), np.uint8)]
)
def test_to_input_refuses_other_forms(wrong):
    with pytest.raises(ValueError, match="takes uint8 of shape"):
        utils.to_input(wrong)


def test_every_font_is_listed_with_its_copyright():
    folder = utils.DATA / "fonts"
    rows = [line.split("|") for line in (folder / "README.md").read_text().splitlines()]
    rows = [[cell.strip() for cell in row] for row in rows if len(row) == 5][2:]
    listed = {
        f"{name}-{script}.woff2" for _, name, scripts, *_ in rows for script in scripts.split(", ")
    }
    assert listed == {path.name for path in folder.glob("*.woff2")}
    assert all("opyright" in row[3] for row in rows)
    assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / "OFL.txt").read_text()
