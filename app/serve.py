"""Serve app/app.ipynb as a page with its code hidden, to this computer alone.

    python app/serve.py [PORT] [--lan]

With --lan it serves others in the same network as well, such as phones in a classroom: whoever has
the address that is printed, since it holds a random token. The connection is not encrypted.
Scripts and styles, which hold nothing secret, are given to anybody.

Each page that is open has a kernel, and one more waits for the next. Half a minute after a page was
left its kernel ends; Ctrl-C ends the server and all of them.
"""

import argparse
import asyncio
import io
import logging
import os
import secrets
import socket
import sys
from pathlib import Path

import psutil

HERE = Path(__file__).resolve().parent
MAX_KERNELS = 16  # at once, of about 0.15 GB each; further pages wait until one of them is left
# Jupyter looks for Voila's templates below these folders, and does so while it is imported.
folders = [str(HERE), os.environ.get("JUPYTER_PATH")]
os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, folders))

from jupyter_server import DEFAULT_STATIC_FILES_PATH  # noqa: E402
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager  # noqa: E402
from tornado.web import RequestHandler  # noqa: E402
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


class NoEntry(RequestHandler):
    """Stands in for Jupyter's form to log in, to which whoever lacks the token is sent."""

    def get(self) -> None:
        self.set_status(403)
        self.finish("This page needs its whole address, with what follows ?token=.")


class Page(Voila):
    """Voila, with an address that a phone in the room can scan where there is a token."""

    def init_settings(self) -> dict:
        settings = super().init_settings()
        self.identity_provider.login_handler_class = NoEntry
        return settings

    @property
    def display_url(self) -> str:
        if not self.token:
            return super().display_url
        address = f"http://{network_address()}:{self.port}{self.base_url}?token={self.token}"
        return f"{address}\n{qr_code(address)}"


def network_address() -> str:
    """The address under which others in the network find this computer, such as 192.168.1.7."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            # Nothing is sent: the system says from where it would be. The goal is in a range that
            # is kept for examples (RFC 5737).
            sender.connect(("192.0.2.1", 9))
            return sender.getsockname()[0]
    except OSError:  # no way out of this network, such as where this computer is the hotspot
        found = [
            a.address
            for all_of in psutil.net_if_addrs().values()
            for a in all_of
            if a.family == socket.AF_INET and not a.address.startswith("127.")
        ]
        return found[0] if found else "127.0.0.1"


def qr_code(text: str) -> str:
    """A QR code in the characters of a terminal, light on dark where it takes colours."""
    import segno  # only who serves a room needs it

    drawn = io.StringIO()
    segno.make(text, error="l").terminal(drawn, compact=True)
    lines = drawn.getvalue().splitlines()
    if sys.stderr.isatty() and sys.platform != "win32":  # a light terminal would show a negative
        lines = [f"\033[97;40m{line}\033[0m" for line in lines]
    return "\n".join(lines)


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
    # Voila gives out pictures of this folder without asking for a token; no page needs them.
    voila.file_allowlist = []
    # One kernel waits, with the page's cells run, for whoever opens the page next.
    voila.preheat_kernel, voila.default_pool_size = True, 1
    voila.multi_kernel_manager_class = Kernels
    # Jupyter's pages for refusals, which phones get whose server was started anew, ask for this.
    config.Voila.tornado_settings = {"static_path": DEFAULT_STATIC_FILES_PATH}
    # A kernel without a page ends after 30 to 40 seconds.
    config.MappingKernelManager.cull_idle_timeout = 30
    config.MappingKernelManager.cull_interval = 10
    return config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", nargs="?", type=int, default=8866, help="where, such as 8866")
    parser.add_argument("--lan", action="store_true", help="serve others in the network as well")
    asked = parser.parse_args()
    logging.getLogger("Page").addFilter(is_worth_showing)
    # A page that is left asks for its kernel's end in a way that the server refuses.
    logging.getLogger("tornado").setLevel(logging.ERROR)
    if asked.lan:  # one person's own reader is not the class's
        os.environ["DIGITS_MY_READER"] = "no"
    Page.launch_instance(
        [str(HERE / "app.ipynb"), f"--port={asked.port}"],
        config=settings(),
        ip="0.0.0.0" if asked.lan else "127.0.0.1",
        # Jupyter asks for it once and then for the cookie that it sets. Voila has no setting that
        # closes its scripts and styles as well.
        token=secrets.token_urlsafe(16) if asked.lan else None,
        open_browser=has_display() and not asked.lan,  # Voila would open it without the token
    )


if __name__ == "__main__":
    main()
