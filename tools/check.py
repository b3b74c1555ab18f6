"""Say whether the course will run here: `[ OK ]` or `[FAIL]` a line, with the remedy."""

import hashlib
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIN_MEMORY = 2e9  # bytes; a kernel needs up to 1.5 GB
MIN_DISK = 1e9  # bytes
NETWORKS = (  # in models/shipped/
    *("dense", "cnn_a", "cnn_b", "cnn", "reader"),  # of notebooks 03, 04 and 10
    *("tiny", "small", "small_2", "small_3", "medium", "medium_2", "medium_3"),  # of notebook 11
    *("large", "large_2", "large_3"),
)
AS_LITERT = ("large", "reader")  # ship as .tflite as well; the second is what reads pictures


def pins() -> dict[str, str]:
    """Package name -> version, as requirements.txt pins them."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return dict(re.match(r"([\w.-]+)==(\S+)", line).groups() for line in lines if "==" in line)


def installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def data_is_whole() -> bool:
    path, sums = ROOT / "data" / "mnist.npz", ROOT / "data" / "SHA256SUMS"
    if not (path.is_file() and sums.is_file()):
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == sums.read_text().split()[0]


def findings() -> list[tuple[bool, str, str]]:
    """Whether each demand holds, what it is, and what to do if it does not."""
    version = ".".join(map(str, sys.version_info[:3]))
    result = [
        (
            (3, 11) <= sys.version_info[:2] <= (3, 13),
            f"Python {version} (3.11 to 3.13 work)",
            "install Python 3.12, delete .venv/, then: make setup",
        )
    ]
    for name, pinned in pins().items():
        found = installed(name)
        remedy = f'"{sys.executable}" -m pip install -r requirements.txt'
        result.append((found == pinned, f"{name} {pinned} (found: {found})", remedy))
    remedy = "git checkout -- data/mnist.npz data/SHA256SUMS"
    result.append((data_is_whole(), "data/mnist.npz has the expected SHA-256", remedy))
    for name in [*(f"{n}.keras" for n in NETWORKS), *(f"{n}.tflite" for n in AS_LITERT)]:
        there = (ROOT / "models" / "shipped" / name).is_file()
        remedy = "git checkout -- models/shipped"
        result.append((there, f"models/shipped/{name} is there", remedy))
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


def main() -> int:
    failed = 0
    for holds, what, remedy in findings():
        print(
            f"[{' OK ' if holds else 'FAIL'}] {what}" + ("" if holds else f"\n       -> {remedy}")
        )
        failed += not holds
    print("Everything is in place." if not failed else f"{failed} to mend, see the arrows.")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
