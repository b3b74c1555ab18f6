"""The first step: every form of file or array becomes pixels, or a sentence on what is wrong."""

import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pictures import SAMPLES, a_seven, encoded, read
from PIL import Image, ImageDraw

from reading import ImageError, decode, open_picture, read_digits
from tools.execute import peak_memory
from tools.measure import fuzz

# --- forms of files and arrays ---


def test_the_same_digit_in_every_form():
    seven = a_seven()
    image = Image.fromarray(seven)
    forms = {
        "png": encoded(image),
        "jpeg": encoded(image, "JPEG"),
        "webp": encoded(image, "WEBP"),
        "bmp": encoded(image, "BMP"),
        "tiff": encoded(image, "TIFF"),
        "gif": encoded(image, "GIF"),
        "palette": encoded(image.quantize(16)),
        "grey": encoded(image.convert("L")),
        "grey and alpha": encoded(image.convert("LA")),
        "one bit": encoded(image.convert("L").point(lambda v: 255 * (v > 128)).convert("1")),
        "CMYK": encoded(image.convert("CMYK"), "JPEG"),
        "16 bit": encoded(Image.fromarray(seven[..., 0].astype(np.uint16) * 257)),
        "16 bit TIFF": encoded(Image.fromarray(seven[..., 0].astype(np.uint16) * 257), "TIFF"),
        "float TIFF": encoded(Image.fromarray(seven[..., 0] / np.float32(255)), "TIFF"),
        "PIL image": image,
        "inverted": 255 - seven,
        "uint8 grey": seven[..., 0],
        "uint8 RGBA": np.dstack([seven, np.full(seven.shape[:2], 255, np.uint8)]),
        "float": seven / 255,
        "float grey": (seven[..., 0] / 255).astype(np.float32),
    }
    assert {name: read(form) for name, form in forms.items()} == dict.fromkeys(forms, "7")


def test_path_as_text_or_path():
    assert read(str(SAMPLES / "chalk.jpg")) == read(SAMPLES / "chalk.jpg") != ""


def test_first_frame_of_an_animation():
    seven = a_seven()
    first, second = Image.fromarray(seven), Image.new("RGB", seven.shape[1::-1], "white")
    data = encoded(first, "GIF", save_all=True, append_images=[second])
    assert read(data) == "7"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation):
    seven = a_seven()
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transposition that EXIF undoes
    image = Image.fromarray(seven)
    if orientation > 1:
        image = image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert read(encoded(image, "JPEG", exif=exif)) == "7"


@pytest.mark.parametrize("pen", [0, 255])
def test_drawing_on_a_transparent_canvas(pen):
    seven = a_seven()
    alpha = 255 - seven[..., 0]
    canvas = np.dstack([np.full_like(seven, pen), np.where(alpha > 60, alpha, 0)])
    assert read(canvas) == "7"


def test_blank_transparent_canvas_is_empty():
    assert read_digits(np.zeros((100, 100, 4), np.uint8)) == []


# --- no picture ---


def a_bomb() -> bytes:
    """A PNG of 40,000 x 40,000 pixels in 1.6 MB of zeros, 4.8 GB decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    header = (40_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    body = zlib.compress(bytes(1_600_000), 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (b"", "is empty"),
        (b"these are no pixels", "no picture that can be read"),
        (b"%PDF-1.7 and so on", "no picture that can be read"),
        (a_bomb(), "more than 50 megapixels"),
        (encoded(Image.new("1", (8000, 8000))), "8000 x 8000 pixels, more than 50 megapixels"),
        (np.zeros((0, 10), np.uint8), "no pixels"),
        (np.zeros((10, 0, 3), np.float32), "no pixels"),
        (np.zeros(10, np.uint8), "Expected shape"),
        (np.zeros((4, 4, 2), np.uint8), "Expected shape"),
        (np.zeros((2, 4, 4, 3), np.uint8), "Expected shape"),
        (np.full((4, 4), np.nan), "NaN or infinite"),
        (np.full((4, 4), np.inf, np.float32), "NaN or infinite"),
        (np.full((4, 4), 255.0), r"must lie in \[0, 1\]"),
        (np.full((4, 4), -0.1), r"must lie in \[0, 1\]"),
        (np.zeros((4, 4), np.int64), "uint8 or float, not int64"),
        (np.zeros((4, 4), complex), "uint8 or float, not complex"),
        (np.array([["a", "b"]]), "uint8 or float"),
        (np.broadcast_to(np.uint8(0), (8000, 8000)), "more than 50"),
        (None, "not NoneType"),
        (42, "not int"),
        ("no/such/picture.png", "Cannot read"),
        ("bad\0name.png", "Cannot read"),
        (str(ROOT / "data"), "is a folder"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(picture, message):
    with pytest.raises(ImageError, match=message):
        read_digits(picture)


# --- damaged files ---


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated_files_are_refused(form, share):
    seven = a_seven()
    data = encoded(Image.fromarray(seven), form)
    with pytest.raises(ImageError, match=r"damaged|no picture"):
        read_digits(data[: int(len(data) * share)])


def test_unreadable_exif_data_do_not_hide_the_picture():
    seven = a_seven()
    data = encoded(Image.fromarray(seven), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\xff")
    assert read(data) == "7"


def check_any(picture) -> None:
    try:
        digits = read_digits(picture)
    except ImageError as error:
        assert str(error)
    else:
        assert all(0 <= d.digit <= 9 and 0 <= d.probability <= 1 for d in digits)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.float32, np.float64, np.int32, np.bool_]),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=40),
    )
)
def test_any_array_gives_digits_or_an_image_error(array):
    check_any(array)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_give_digits_or_an_image_error(data):
    check_any(data)


def test_damaged_files_give_digits_or_an_image_error():
    """In a process apart, since a decoder's crash would take this one with it."""
    table = fuzz.run(500)
    broken = fuzz.failures(table)
    assert broken.empty, broken.to_string()
    assert table["memory"].max() < fuzz.MAX_MEMORY
    assert (table["outcome"] == "read").sum() > 50 and (table["outcome"] == "refused").sum() > 50


def test_a_damaged_file_follows_from_its_number():
    files = fuzz.originals()
    some = [fuzz.damaged(number, files) for number in range(100)]
    assert some == [fuzz.damaged(number, files) for number in range(100)]
    assert len(set(some)) > 90
    assert len(set(some) & set(files)) < 10  # now and then no field is found to damage


def test_a_killed_reader_is_noticed_and_the_others_are_read(tmp_path, monkeypatch):
    """The reader that stands in for the real one dies on picture 2."""
    reader = tmp_path / "reader.py"
    reader.write_text(
        "import json, os, sys\n"
        "first, count = map(int, sys.argv[2:])\n"
        "print('ready', flush=True)\n"
        "for number in range(first, first + count):\n"
        "    if number == 2: os.kill(os.getpid(), 9)\n"
        "    print(json.dumps([number, 'read', 0.1, 0]), flush=True)\n"
    )
    monkeypatch.setattr(fuzz, "BATCH_COMMAND", [sys.executable, str(reader), "--batch"])
    table = fuzz.run(5)
    assert list(table["number"]) == [0, 1, 2, 3, 4]
    assert list(fuzz.failures(table)["number"]) == [2]
    assert "died with status -9" in table["outcome"][2]


# --- large pictures ---

SIDES = 8160, 6120  # 49.9 megapixels, as the largest phone cameras take them


@pytest.mark.parametrize(
    ("mode", "form", "options"),
    [
        ("RGB", "JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0"}),
        ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
        ("RGB", "PNG", {"compress_level": 1}),
        ("RGBA", "PNG", {"compress_level": 1}),
        ("I;16", "PNG", {"compress_level": 1}),
        ("RGB", "WEBP", {"method": 0}),
    ],
)
def test_fifty_megapixels_are_read_within_a_gigabyte(tmp_path, mode, form, options):
    path = tmp_path / "large"
    page = Image.new("L", SIDES, 225)
    line = (2000, 4000, 4000, 4100) if "exif" in options else (4000, 2000, 4100, 4000)
    ImageDraw.Draw(page).line(line, 30, 120)
    if mode == "I;16":
        page = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    (page if page.mode == mode else page.convert(mode)).save(path, form, **options)
    del page
    assert read_digits(encoded(Image.new("L", (40, 40)))) == []  # what is loaded once
    before = fuzz.reset_peak_memory()
    picture = open_picture(path)
    assert peak_memory() - before < 1e9
    assert picture.shape[:2] == (SIDES if "exif" in options else SIDES[::-1])
    del picture
    assert len(read_digits(path)) == 1
    assert peak_memory() - before < 1e9


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no /dev/zero")
def test_a_file_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(decode, "MAX_BYTES", 1_000_000)
    with pytest.raises(ImageError, match="/dev/zero has more than 1 MB"):
        read_digits("/dev/zero")


def test_a_jpeg_of_endless_scans_is_refused():
    """A few bytes more a scan let a decoder go over all pixels once more."""
    data = encoded(Image.new("L", (64, 64), 200), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert read_digits(data[:-2] + 40 * scan + data[-2:]) == []
    with pytest.raises(ImageError, match="more than 50 scans"):
        read_digits(data[:-2] + 50 * scan + data[-2:])
    # What follows a picture's end, such as the film of a moving photo, is no part of it.
    assert read_digits(data + 100 * scan) == []


# --- HEIC, as iPhones take them ---


def a_heic_start(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(100)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1"])
def test_heic_without_its_package_says_how_to_get_it(monkeypatch, brand):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    with pytest.raises(ImageError, match=r"HEIC picture.* pip install pillow-heif"):
        read_digits(a_heic_start(brand))


def test_damaged_heic_with_its_package_is_refused_as_damaged(monkeypatch):
    monkeypatch.setattr(decode, "_heif_formats", lambda: ("HEIF",))
    with pytest.raises(ImageError, match="no picture that can be read"):
        read_digits(a_heic_start(b"heic"))


def test_heic_is_read_where_its_package_is_installed():
    seven = a_seven()
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is optional")
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(seven).transpose(Image.Transpose.ROTATE_90)
    assert read(encoded(image, "HEIF", exif=exif.tobytes())) == "7"
