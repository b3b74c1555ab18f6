"""What `make` calls: run, check and refresh here; measure/ and ship/ are for maintainers.

`execute.py` runs one notebook; `page/` is the template of the HTML pages.
"""

import sys

_usual_hook = sys.excepthook


def _name_the_package(kind, error, trace):
    """End a tool whose packages are missing in a sentence: mostly it is another Python's turn."""
    if not issubclass(kind, ModuleNotFoundError):
        return _usual_hook(kind, error, trace)
    print(
        f"The package '{error.name}' is missing in {sys.executable}. `make setup` installs all in "
        "the course's .venv/; without make, activate the environment or run: "
        "python -m pip install -r requirements.txt -c constraints.txt",
        file=sys.stderr,
    )


sys.excepthook = _name_the_package
