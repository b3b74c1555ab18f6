"""Serve app/app.ipynb as a page with its code hidden, to this computer alone.

    python app/serve.py [PORT]

Closing the page ends its kernel; Ctrl-C ends the server.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Jupyter looks for Voila's templates below these folders, and does so while it is imported.
folders = [str(HERE), os.environ.get("JUPYTER_PATH")]
os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, folders))

from voila.app import Voila  # noqa: E402


def has_display() -> bool:
    """Tell whether a browser can open here."""
    return sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def main(port: str = "8866") -> None:
    Voila.launch_instance(
        [
            str(HERE / "app.ipynb"),
            "--template=course",
            f"--port={port}",
            # One kernel waits, with the page's cells run, for whoever opens the page next.
            "--preheat_kernel=True",
            "--pool_size=1",
        ],
        ip="127.0.0.1",
        open_browser=has_display(),
        # A photo travels in one message; Tornado's own limit is 10 MB.
        tornado_settings={"websocket_max_message_size": 200_000_000},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
