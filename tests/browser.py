"""A headless Chromium for the tests of pages."""

import shutil

import pytest
from selenium import webdriver

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
PATIENCE = 120  # seconds until a condition counts as never met; a slow machine needs some


def open_chromium(log: str) -> webdriver.Chrome:
    """Start it, or skip the test where it or its driver is missing.

    Args:
        log: what is kept for `get_log`: "browser" (messages of the page) or "performance".
    """
    if not (CHROMIUM and DRIVER):
        pytest.skip("no Chromium with driver (Debian: apt install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {log: "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_page_load_timeout(PATIENCE)
    driver.set_script_timeout(PATIENCE)
    return driver
