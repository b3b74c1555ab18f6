"""The command line: python -m reading PICTURE... [--json | --csv FILE]"""

import argparse
import csv
import errno
import glob
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from reading import read
from reading.errors import CourseError
from reading.files import write_whole

MIN_FOR_PROGRESS = 21  # pictures; fewer get no line that says how many are done
COLUMNS = ("picture", "digits", "lowest probability", "problem")


def main(arguments: list[str] | None = None) -> int:
    """Print, a line a picture, the digits read and the probability of each; or write them as CSV.

    Returns:
        0 if every picture was read and everything written, else 1.
    """
    options = _parse(arguments)
    readings = _read_all(options.pictures)
    if options.csv:
        return _write_csv(options.csv, _with_progress(readings, len(options.pictures)))
    failed = False
    for path, digits, problem in readings:
        failed = failed or bool(problem)
        if options.json:
            rows = [
                {"digit": d.digit, "probability": round(d.probability, 6), "box": d.box}
                for d in digits
            ]
            print(json.dumps({"picture": path, "digits": rows, "error": problem or None}))
        elif problem:
            print(problem, file=sys.stderr)
        else:
            found = " ".join(f"{d.digit} ({d.probability:.1%})" for d in digits)
            print(f"{path}: {found or 'no digit found'}")
    return 1 if failed else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m reading", description="Read handwritten digits from pictures."
    )
    parser.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help="path of a picture file, or a pattern such as *.jpg",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object a line")
    output.add_argument(
        "--csv",
        metavar="FILE",
        type=Path,
        help="write a CSV file with a row for each picture: "
        "its path, the digits, the lowest probability, and the problem where it cannot be read",
    )
    options = parser.parse_args(arguments)
    options.pictures = [name for given in options.pictures for name in _names_of(given)]
    return options


def _names_of(given: str) -> list[str]:
    """The files that a pattern matches (Windows' shell leaves it as it is), or the name itself."""
    if os.path.exists(given):
        return [given]
    # Brackets stay what they are: a browser calls a second photo.jpg photo[1].jpg.
    return sorted(glob.glob(given.replace("[", "[[]"))) or [given]


def _read_all(paths: list[str]) -> Iterator[tuple[str, list[read.Digit], str]]:
    """Each path with its digits and its problem, "" where there is none."""
    for path in paths:
        try:
            yield path, read.read_digits(path), ""
        except CourseError as problem:
            yield path, [], str(problem)


def _with_progress(readings: Iterator[tuple], count: int) -> Iterator[tuple]:
    """The same readings; where they are many, a line on the terminal says how many are done."""
    shown = count >= MIN_FOR_PROGRESS and sys.stderr.isatty()
    for done, reading in enumerate(readings, 1):
        yield reading
        if shown:
            end = "\n" if done == count else ""
            print(f"\r{done}/{count} pictures", end=end, file=sys.stderr, flush=True)


def _write_csv(path: Path, readings: Iterator[tuple[str, list[read.Digit], str]]) -> int:
    """Read the pictures and write the table of them; returns the exit status.

    The pictures are read while the file is open: if it cannot be written, the message comes before
    the long work, not after.
    """
    rows: list[tuple] = []

    def write(draft: Path) -> None:
        # A picture's name may be no valid text.
        with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(COLUMNS)
            for reading in readings:
                rows.append(_row_of(*reading))
                table.writerow(rows[-1])

    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        write_whole(path, write)
    except OSError as error:
        print(f"Cannot write {path}: {error.strerror}.", file=sys.stderr)
        return 1
    failed = sum(bool(problem) for *_, problem in rows)
    if failed:
        print(f"{failed} of {len(rows)} pictures could not be read, see {path}.", file=sys.stderr)
    return 1 if failed else 0


def _row_of(picture: str, digits: list[read.Digit], problem: str) -> tuple:
    """A row of the CSV file; the lowest probability is empty where there is no digit."""
    lowest = min((round(d.probability, 6) for d in digits), default=None)
    return picture, "".join(str(d.digit) for d in digits), lowest, problem


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no valid text
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        status = 130
    except BrokenPipeError:  # whoever read the lines has had enough, as `head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    raise SystemExit(status)
