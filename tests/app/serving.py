"""The server of the page as a process of its own, as `make app` starts it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from browser import PATIENCE
from conftest import ROOT
from selenium.webdriver.support.ui import WebDriverWait


@dataclass
class Server:
    """What serves the page: its process, where it does, and the file of what it prints."""

    process: subprocess.Popen
    address: str
    said: Path

    def family(self) -> list[psutil.Process]:
        """The process and all that it has started."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def kernels(self) -> int:
        """How many kernels run now."""
        return sum(map(is_kernel, self.family()))

    def kernel(self, name: str) -> psutil.Process:
        """The process of the kernel of this name."""
        (process,) = (p for p in self.family() if any(name in word for word in command_of(p)))
        return process


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # it has ended, or is about to
        return []


def is_kernel(process: psutil.Process) -> bool:
    return "ipykernel_launcher" in command_of(process)


@contextmanager
def serving(said: Path, *options: str) -> Iterator[Server]:
    """Serve on a free port, with further options of app/serve.py; `said` takes what it prints."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Without these, no window opens on the desktop of whoever runs the tests.
    hidden = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with said.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "app/serve.py", str(port), *options],
            cwd=ROOT,
            env=os.environ | hidden | {"PYTHONIOENCODING": "utf-8"},
            stdout=file,
            stderr=file,
        )
    try:
        WebDriverWait(process, PATIENCE).until(lambda _: process.poll() or listens(port))
        assert process.poll() is None, "app/serve.py has ended"
        yield Server(process, f"http://127.0.0.1:{port}/", said)
    finally:
        process.terminate()
        process.wait()


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as client:
        return client.connect_ex((host, port)) == 0
