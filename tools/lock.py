"""Write constraints.txt: every package that requirements.txt leads to, pinned (`make lock`).

    python -m tools.lock

uv finds versions that work for Python 3.11 to 3.13 on Linux, macOS and Windows at once.
"""

import subprocess
import sys

from reading.files import ROOT, write_whole

COMMAND = [
    *("uv", "pip", "compile", "requirements.txt", "--universal", "--python-version", "3.11"),
    *("--upgrade", "--no-header", "--no-annotate", "--quiet"),
]
HEADER = """\
# Every package, for Python 3.11 to 3.13 on Linux, macOS and Windows; written by `make lock` from
# requirements.txt, which says why each is needed.
"""


def main() -> int:
    done = subprocess.run(
        [sys.executable, "-m", *COMMAND], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        return done.returncode
    path = ROOT / "constraints.txt"
    write_whole(path, lambda draft: draft.write_text(HEADER + done.stdout, encoding="utf-8"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
