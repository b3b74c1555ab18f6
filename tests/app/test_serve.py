"""Who is served: this computer alone, or, with --lan, whoever has the token."""

import http.cookiejar
import urllib.request
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import psutil
import pytest
from serving import Server, listens, serving

from app.serve import network_address

SOMEBODY = "0f3c1b6e-0000-4000-8000-000000000000"  # a kernel's name


def test_without_lan_nothing_listens_to_another_computer(tmp_path):
    with serving(tmp_path / "said") as server:
        listening = {
            connection.laddr.ip
            for process in server.family()
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening and all(ip_address(ip).is_loopback for ip in listening)
        address = network_address()
        if not ip_address(address).is_loopback:
            assert not listens(urlsplit(server.address).port, address)
        assert status(server.address) == 200  # and needs no token


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("room") / "said", "--lan") as server:
        yield server


def status(address: str, opener=None) -> int:
    opener = opener or urllib.request.build_opener()
    try:
        with opener.open(address) as answer:
            return answer.status
    except HTTPError as refusal:
        return refusal.code


@pytest.fixture(scope="module")
def printed(room) -> list[str]:
    """What was printed: a line, the address, the lines of the QR code."""
    return room.said.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "?token=",
        "?token=guessed",
        "login",
        f"api/kernels/{SOMEBODY}",
        f"api/kernels/{SOMEBODY}/channels",
        "voila/files/data/samples/thumbnail.png",
    ],
)
def test_in_a_room_who_lacks_the_token_is_refused(path, room):
    assert status(room.address + path) == 403


def test_in_a_room_the_token_opens_the_page_and_a_cookie_its_kernel(room, printed):
    address = urlsplit(printed[1])
    assert address.hostname == network_address()
    assert address.port == urlsplit(room.address).port
    assert len(parse_qs(address.query)["token"][0]) >= 22  # 128 random bits
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    assert status(printed[1], opener) == 200
    there = f"http://{address.netloc}/api/kernels/{SOMEBODY}"
    assert status(there, opener) == 404  # no such kernel, which only who may ask is told
    assert status(there) == 403


def test_the_qr_code_holds_the_address(printed):
    lines = printed[2:]
    upper = np.array([[c in "█▀" for c in line] for line in lines])
    lower = np.array([[c in "█▄" for c in line] for line in lines])
    modules = np.stack([upper, lower], axis=1).reshape(-1, upper.shape[1])
    picture = np.kron(modules, np.ones((8, 8))).astype(np.uint8) * 255
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == printed[1]
