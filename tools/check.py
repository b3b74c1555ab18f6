"""Say whether the course will run here: `[ OK ]` or `[FAIL]` a line, with the remedy."""

import sys

if sys.version_info < (3, 11):  # before anything that an older Python does not know
    print(
        "[FAIL] This is Python %d.%d; the course needs 3.11, 3.12 or 3.13." % sys.version_info[:2]
    )
    print("       -> install Python 3.12, delete .venv/, then: make setup")
    raise SystemExit(1)

import hashlib
import re
import runpy
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

try:
    from packaging.requirements import InvalidRequirement, Requirement
except ImportError:  # nothing is installed yet; pip brings its own
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement

ROOT = Path(__file__).resolve().parent.parent
# Not imported: `reading` needs packages that may be missing here.
get_back = runpy.run_path(str(ROOT / "reading" / "files.py"))["get_back"]
MIN_MEMORY = 2e9  # bytes; a kernel needs up to 1.5 GB
MIN_DISK = 1e9  # bytes
MANIFEST = "tools/ship/SHA256SUMS"  # of the files that come with the course, see ship/manifest.py
NETWORKS = (  # in models/shipped/
    *("dense", "cnn_a", "cnn_b", "cnn", "reader"),  # of notebooks 03, 04 and 10
    *("tiny", "small", "small_2", "small_3", "medium", "medium_2", "medium_3"),  # of notebook 11
    *("large", "large_2", "large_3"),
    "robust",  # of notebook 14
)
AS_LITERT = ("large", "reader")  # ship as .tflite as well; the second reads pictures


def pins(file: str = "requirements.txt") -> dict[str, str]:
    """Package name -> version, as a file pins them for this Python and this system."""
    found = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        try:
            package = Requirement(line.split("#")[0].strip())
        except InvalidRequirement:  # an empty line, a comment
            continue
        if package.marker is None or package.marker.evaluate():
            (version,) = package.specifier
            found[plain(package.name)] = version.version
    return found


def plain(name: str) -> str:
    """A package's name in the one spelling that all others are equal to (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def needed(names: list[str]) -> set[str]:
    """These packages, if they are installed, and all that they need."""
    found, waiting = set(), [plain(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found or installed(name) is None:
            continue
        found.add(name)
        for text in metadata.requires(name) or []:
            package = Requirement(text)
            if package.marker is None or package.marker.evaluate({"extra": ""}):
                waiting.append(plain(package.name))
    return found


def packages() -> list[tuple[bool, str, str]]:
    """Findings about what is installed, and a line for all that is as it should be."""
    remedy = f'"{sys.executable}" -m pip install -r requirements.txt -c constraints.txt'
    asked, locked = pins(), pins("constraints.txt")
    result = [
        (False, f"{name} {locked.get(name, version)} (found: {installed(name)})", remedy)
        for name, version in (locked | asked).items()
        if installed(name) != version and (name in asked or installed(name))
    ]
    missing = sorted(needed(list(asked)) - locked.keys())
    result += [(False, f"{name} is not in constraints.txt", "make lock") for name in missing]
    right = len(locked.keys() | asked.keys()) - len(result)
    return [(True, f"{right} packages are those of constraints.txt", ""), *result]


def files() -> list[tuple[bool, str, str]]:
    """Findings about the files that come with the course: each by its checksum."""
    try:
        lines = (ROOT / MANIFEST).read_text(encoding="utf-8").splitlines()
    except OSError:
        return [(False, f"{MANIFEST} is there", get_back(MANIFEST))]
    result = []
    for expected, name in (line.split("  ") for line in lines):
        path = ROOT / name
        if not path.is_file():
            result.append((False, f"{name} is there", get_back(name)))
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            size = f"{path.stat().st_size:,} bytes"
            result.append((False, f"{name} is as it was shipped ({size} now)", get_back(name)))
    whole = len(lines) - len(result)
    return [
        (True, f"{whole} files of data, networks and results are whole", ""),
        *result,
    ]


def can_write(folder: Path) -> bool:
    """Tell whether a file can be made in a folder, and the folder itself if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def machine() -> list[tuple[bool, str, str]]:
    """Findings about folders, memory and disk."""
    result = []
    for name in ("models", "build"):
        remedy = "change the folder's permissions, or copy the course to a folder of your own"
        result.append((can_write(ROOT / name), f"{name}/ can be written to", remedy))
    try:
        import psutil

        memory = psutil.virtual_memory().available
        remedy = "close other programs and other notebooks' kernels"
        result.append((memory > MIN_MEMORY, f"{memory / 1e9:.1f} GB of memory free", remedy))
    except ImportError:
        pass  # already reported among the packages
    disk = shutil.disk_usage(ROOT).free
    result.append((disk > MIN_DISK, f"{disk / 1e9:.1f} GB of disk free", "delete some files"))
    return result


def findings() -> list[tuple[bool, str, str]]:
    """Whether each demand holds, what it is, and what to do if it does not."""
    version = ".".join(map(str, sys.version_info[:3]))
    python = (
        sys.version_info < (3, 14),
        f"Python {version} (3.11 to 3.13 work)",
        "install Python 3.12, delete .venv/, then: make setup",
    )
    return [python, *packages(), *files(), *machine()]


def main() -> int:
    failed = 0
    for holds, what, remedy in findings():
        print(
            f"[{' OK ' if holds else 'FAIL'}] {what}" + ("" if holds else f"\n       -> {remedy}")
        )
        failed += not holds
    print("Everything is in place." if not failed else f"{failed} to fix, see the arrows.")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
