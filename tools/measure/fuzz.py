"""Read damaged picture files by the thousand: each gives a result or an ImageError, soon.

    python -m tools.measure.fuzz [COUNT]

damages COUNT small pictures (20,000 if none is given), reads each with `reading.read_digits` in a
separate process, prints what happened and writes it to build/fuzz.json. The exit status is 1 if a
picture raised anything but an ImageError, killed its process, took more than MAX_SECONDS or made
the process grow by more than MAX_MEMORY.

The number alone is enough to make a damaged file again: `fuzz.damaged(number, fuzz.originals())`.
"""

import contextlib
import io
import json
import random
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from tools.execute import ROOT, peak_memory

BATCH = 500  # pictures a process; a new one now and then shows a leak as growth
MAX_SECONDS = 5
MAX_MEMORY = 1e9  # bytes
BATCH_COMMAND = [sys.executable, "-m", "tools.measure.fuzz", "--batch"]
READY = "ready"
PATIENCE = 600  # seconds; a batch that takes longer hangs

WIDTH, HEIGHT = 45, 38  # numbers that a file seldom holds for another reason
ABSURD = (0, 1, 2, 255, 4000, 6800, 7000, 12_000, 16_383, 32_768, 65_535, 2**24 - 1, 2**31 - 1)

# --- whole pictures -------------------------------------------------------------------------------


def originals() -> list[bytes]:
    """Small pictures of a 1, one or more of every format and kind that the course reads."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (240, 238, 230))
    ImageDraw.Draw(image).line((22, 6, 24, 31), (20, 30, 90), 4)
    grey = np.asarray(image.convert("L"))
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    real = Image.fromarray(grey / np.float32(255))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    frames = {"save_all": True, "append_images": [image.rotate(90)]}
    kinds = [
        (image, "PNG", {"exif": exif}),
        (image.convert("RGBA"), "PNG", {}),
        (image.quantize(16), "PNG", {"transparency": 0}),
        (wide, "PNG", {}),
        (image, "PNG", frames),
        (image, "JPEG", {"exif": exif}),
        (image, "JPEG", {"progressive": True, "subsampling": 0}),
        (image.convert("CMYK"), "JPEG", {}),
        (image.convert("L"), "JPEG", {}),
        (image, "GIF", {}),
        (image.quantize(8), "GIF", frames | {"transparency": 0}),
        (image, "BMP", {}),
        (image.quantize(16), "BMP", {}),
        (image, "WEBP", {"exif": exif}),
        (image.convert("RGBA"), "WEBP", {"lossless": True}),
        (image, "WEBP", frames),
        (image, "TIFF", {}),
        (image, "TIFF", {"compression": "tiff_lzw"}),
        (image, "TIFF", {"compression": "jpeg"}),
        (image.convert("1"), "TIFF", {"compression": "group4"}),
        (wide, "TIFF", {"compression": "tiff_deflate"}),
        (real, "TIFF", {}),
        (image, "TIFF", frames),
        (image, "PPM", {}),
        (image, "AVIF", {"speed": 10}),
    ]
    return [encoded(picture, form, **options) for picture, form, options in kinds]


def encoded(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


# --- ways to damage them --------------------------------------------------------------------------


def flip_bits(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def change_bytes(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(len(data))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
    return data


def change_header(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    """Most formats say what they are and how large in their first bytes."""
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(min(64, len(data)))] = rng.randrange(256)
    return data


def truncate(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    return data[: rng.randrange(len(data))]


def cut_out(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    start, end = part(data, rng)
    return data[:start] + data[end:]


def duplicate(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    """Repeat a part; a chunk, a segment or a frame is one, if chance will have it."""
    start, end = part(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 2, 50)) + data[end:]


def splice(data: bytearray, rng: random.Random, files: list[bytes]) -> bytearray:
    """The start of one file before the rest of another, most often of another format."""
    other = rng.choice(files)
    return bytearray(other[: rng.randint(2, min(200, len(other)))]) + data[part(data, rng)[0] :]


def make_absurd(data: bytearray, rng: random.Random, _: list[bytes]) -> bytearray:
    """Write another width or height wherever the file seems to store one."""
    for size in rng.sample((WIDTH, HEIGHT), rng.randint(1, 2)):
        value = rng.choice(ABSURD)
        for old, new in size_fields(size, value):
            data = data.replace(old, new)
    return data


def size_fields(size: int, value: int) -> Iterator[tuple[bytes, bytes]]:
    """How formats store a length, and the same with another value: integers and text."""
    for bytes_each, order in ((4, "big"), (4, "little"), (2, "big"), (2, "little")):
        short = min(value, 256**bytes_each - 1)
        yield size.to_bytes(bytes_each, order), short.to_bytes(bytes_each, order)
    # WebP stores one less, in three bytes.
    short = min(max(value - 1, 0), 2**24 - 1)
    yield (size - 1).to_bytes(3, "little"), short.to_bytes(3, "little")
    yield b"%d" % size, b"%d" % value


def part(data: bytearray, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.randint(1, 200))


DAMAGES: tuple[Callable, ...] = (
    flip_bits,
    change_bytes,
    change_header,
    truncate,
    cut_out,
    duplicate,
    splice,
    make_absurd,
)


def damaged(number: int, files: list[bytes]) -> bytes:
    """The damaged file of this number, the same in every run."""
    rng = random.Random(number)
    data = bytearray(rng.choice(files))
    for damage in rng.choices(DAMAGES, k=rng.choice((1, 1, 1, 2))):
        data = damage(data, rng, files) or bytearray(b"\0")
    if data[:4] == b"\x89PNG" and rng.random() < 0.7:
        data = with_checksums(data)
    return bytes(data)


def with_checksums(data: bytearray) -> bytearray:
    """Mend the checksums of a PNG's chunks: without them nothing behind them would be tried."""
    place = 8
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = zlib.crc32(data[place + 4 : end]).to_bytes(4, "big")
        place = end + 4
    return data


# --- reading them ---------------------------------------------------------------------------------


def read_batch(first: int, count: int) -> None:
    """Print READY, then a line a picture: number, outcome, seconds, bytes that the process grew."""
    import reading

    files = originals()
    for file in files:  # what is loaded once and kept is no picture's doing
        reading.read_digits(file)
    print(READY, flush=True)
    for number in range(first, first + count):
        data = damaged(number, files)
        before, start = reset_peak_memory(), time.perf_counter()
        try:
            reading.read_digits(data)
            outcome = "read"
        except reading.ImageError:
            outcome = "refused"
        except Exception as error:  # the contract is broken, whatever this is
            outcome = f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        print(json.dumps([number, outcome, seconds, peak_memory() - before]), flush=True)


def reset_peak_memory() -> int:
    """Let the system measure this process's peak anew (Linux); returns the memory now, in bytes."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def run(count: int, first: int = 0) -> pd.DataFrame:
    """Read damaged pictures in processes of their own: a row a picture.

    Returns:
        number, outcome ("read", "refused" or what went wrong), seconds, memory (bytes). A process
        that died or hung leaves a row for the picture on which it did, and a new one goes on.
    """
    rows, number = [], first
    while number < first + count:
        show(number - first, count)
        batch = min(BATCH, first + count - number)
        command = [*BATCH_COMMAND, str(number), str(batch)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            output, errors = process.communicate(timeout=PATIENCE)
            problem = f"the process died with status {process.returncode}: {errors[-500:]}"
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            problem = f"the process was still busy after {PATIENCE} s"
        if not output.startswith(READY):
            raise RuntimeError(f"The process that reads pictures did not start: {errors}")
        done = [json.loads(line) for line in output.splitlines() if line.endswith("]")]
        rows += done
        number += len(done)
        if len(done) < batch:
            rows.append([number, problem, np.nan, np.nan])
            number += 1
    show(count, count)
    return pd.DataFrame(rows, columns=["number", "outcome", "seconds", "memory"])


def show(done: int, count: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == count else ""
        print(f"\r{done:6,d} of {count:,d} pictures", end=end, file=sys.stderr, flush=True)


def failures(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of pictures that gave neither a result nor an ImageError."""
    return table[~table["outcome"].isin(["read", "refused"])]


def main(count: int) -> int:
    table = run(count)
    broken = failures(table)
    slow = table[(table["seconds"] > MAX_SECONDS) | (table["memory"] > MAX_MEMORY)]
    figures = {
        "pictures": len(table),
        "read": int((table["outcome"] == "read").sum()),
        "refused": int((table["outcome"] == "refused").sum()),
        "broken": broken[["number", "outcome"]].to_dict("records"),
        "worst_seconds": round(float(table["seconds"].max()), 2),
        "worst_memory_gb": round(float(table["memory"].max()) / 1e9, 2),
        "slow_or_large": slow.to_dict("records"),
    }
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "fuzz.json").write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures, indent=1))
    return 1 if len(broken) or len(slow) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--batch"]:
        read_batch(int(sys.argv[2]), int(sys.argv[3]))
    else:
        raise SystemExit(main(int(sys.argv[1]) if sys.argv[1:] else 20_000))
