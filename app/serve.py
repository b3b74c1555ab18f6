"""Serve app/app.ipynb as a page with its code hidden, to this computer alone.

    python app/serve.py [PORT]

Each page that is open has a kernel, and one more waits for the next. Half a minute after a page was
left its kernel ends; Ctrl-C ends the server and all of them.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAX_KERNELS = 16  # at once, of about 0.15 GB each; further pages wait until one of them is left
# Jupyter looks for Voila's templates below these folders, and does so while it is imported.
folders = [str(HERE), os.environ.get("JUPYTER_PATH")]
os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, folders))

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager  # noqa: E402
from traitlets.config import Config  # noqa: E402
from voila.app import Voila  # noqa: E402


class Kernels(AsyncMappingKernelManager):
    """Starts one kernel after the other, and no more than MAX_KERNELS at once."""

    starting = asyncio.Lock()

    async def start_kernel(self, **options) -> str:
        async with self.starting:
            while len(self) >= MAX_KERNELS:
                await asyncio.sleep(0.5)
            # A kernel warns that its messages are not encrypted; they stay on this computer.
            return await super().start_kernel(extra_arguments=["--log-level=ERROR"], **options)


def has_display() -> bool:
    """Tell whether a browser can open here."""
    return sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def is_worth_showing(said: logging.LogRecord) -> bool:
    """Keep the page's address and errors; the comings and goings of kernels are no news."""
    return said.levelno >= logging.ERROR or "running at" in said.getMessage()


def settings() -> Config:
    config = Config()
    voila = config.VoilaConfiguration
    voila.template = "course"
    # One kernel waits, with the page's cells run, for whoever opens the page next.
    voila.preheat_kernel, voila.default_pool_size = True, 1
    voila.multi_kernel_manager_class = Kernels
    # A kernel without a page ends after 30 to 40 seconds.
    config.MappingKernelManager.cull_idle_timeout = 30
    config.MappingKernelManager.cull_interval = 10
    return config


def main(port: str = "8866") -> None:
    logging.getLogger("Voila").addFilter(is_worth_showing)
    # A page that is left asks for its kernel's end in a way that the server refuses.
    logging.getLogger("tornado").setLevel(logging.ERROR)
    Voila.launch_instance(
        [str(HERE / "app.ipynb"), f"--port={port}"],
        config=settings(),
        ip="127.0.0.1",
        open_browser=has_display(),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
