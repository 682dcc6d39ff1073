"""A page in a headless Chromium, worked by the DevTools protocol over a pipe: no driver, no port.

Messages are JSON, each ended by a NUL; the browser reads those from its descriptor 3 and writes to its 4.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.wire import PATIENCE, until

__all__ = ["HAS_CHROMIUM", "Page", "page_in_chromium"]

_COMMAND = shutil.which("chromium")
HAS_CHROMIUM = _COMMAND is not None and Path(_COMMAND).resolve().name != "snap"
"""Whether there is one that may read and write the files of a test, as that of a snap may not."""

_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions "
    "--disable-background-networking --disable-component-update --remote-debugging-pipe"
).split()
_COMPLAINTS = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}


class Page:
    """One page. Make one by `page_in_chromium`.

    Attributes:
        complaints: what the browser's console was told since the page was opened: faults of scripts, what was
            refused, what could not be loaded.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.complaints: list[Any] = []
        self._to, self._from = to_browser, from_browser
        self._unread = b""
        self._count = 0
        self._session = ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page"):
            self._ask(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go there."""
        self._ask("Page.navigate", url=url)

    def be(self, width: int, height: int) -> None:
        """Be as large as the screen of some device, in its pixels."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 800,
        )

    def run(self, script: str) -> Any:
        """What an expression gives there."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def text(self, selector: str) -> str:
        """What is read in the first element of that kind; "" where it is hidden or there is none."""
        found = f"const e = document.querySelector({json.dumps(selector)})"
        return str(self.run(f"(() => {{ {found}; return e?.checkVisibility() ? e.innerText : ''; }})()"))

    def click(self, selector: str) -> None:
        """Click on the first element of that kind, once it is there."""
        script = (
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e?.click(); return !!e; }})()"
        )
        until(lambda: self.run(script), PATIENCE, selector)

    def shows(self, selector: str, text: str) -> None:
        """Wait until an element of that kind has the text."""
        until(lambda: text in self.text(selector), PATIENCE, f"{text!r} in {selector}: {self.text(selector)!r}")

    def close(self) -> None:
        """Close the browser."""
        self._session = ""
        self._ask("Browser.close")

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            told = self._next(deadline)
            if told.get("id") == self._count:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]
            if told.get("method") in _COMPLAINTS:
                self.complaints.append(told["params"])

    def _next(self, deadline: float) -> Any:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self._from, 1 << 20) if ready else b""
            assert data, "Chromium has ended" if ready else "Chromium does not answer"
            self._unread += data
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)


@contextmanager
def page_in_chromium(home: Path) -> Iterator[Page]:
    """An empty page; the browser keeps what it keeps in the folder `home`."""
    (its_in, to_browser), (from_browser, its_out) = os.pipe(), os.pipe()
    # A shell puts the pipes where the browser looks for them, whatever their numbers are here.
    command = f'exec "$@" 3<&{its_in} 4>&{its_out}'
    with (home / "chromium.log").open("wb") as log:
        browser = subprocess.Popen(
            ["bash", "-c", command, "chromium", "chromium", *_FLAGS, f"--user-data-dir={home / 'chromium'}"],
            pass_fds=(its_in, its_out), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        os.close(its_in)
        os.close(its_out)
        page = Page(to_browser, from_browser)
        try:
            yield page
        finally:  # also where a test has failed: who is killed leaves a folder behind in /tmp
            page.close()
            browser.wait(PATIENCE)
    finally:
        if browser.poll() is None:
            browser.kill()
            browser.wait(PATIENCE)
        os.close(to_browser)
        os.close(from_browser)
