"""JsSIP in Chromium as a SIP telephone over WebSockets, by `tests/interop/jssip/phone.mjs`.

`make interop` brings what it needs: Chromium and npm from the distribution, and JsSIP from npm into a folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.support.wire import until

__all__ = ["JsSip"]

PATIENCE = 20.0
"""Seconds for a browser on two cores that many share."""
SCRIPT = Path(__file__).parents[1] / "interop" / "jssip" / "phone.mjs"
MODULES = Path(os.environ.get("COPPERLINE_JSSIP", Path(__file__).parents[2] / ".venv" / "jssip"))
"""Where npm has put JsSIP, and its bundle `jssip.js`."""


class JsSip:
    """One browser with one account.

    Args:
        user, secret: the account.
        socket: the WebSocket's URL.
        domain: the office, as URIs have it.
    """

    def __init__(self, user: str, secret: str, socket: str, domain: str) -> None:
        self.events: list[dict[str, Any]] = []
        self._domain = domain
        self._looked_at = 0
        if not (MODULES / "jssip.js").exists():
            raise FileNotFoundError(
                f"JsSIP is not in {MODULES}: run make interop, or leave these: -m 'not browser'"
            )
        script = MODULES / SCRIPT.name  # beside the modules that it imports
        script.write_text(SCRIPT.read_text())
        self._process = subprocess.Popen(
            ["node", str(script), str(MODULES / "jssip.js"), socket, f"sip:{user}@{domain}", secret],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for("ready")

    def do(self, act: str, to: str = "") -> None:
        """Have it do something: register, text, options, call, hangUp, quit."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": act, "to": f"sip:{to}@{self._domain}"}) + "\n")
        self._process.stdin.flush()

    def wait_for(self, kind: str) -> dict[str, Any]:
        """The next event of that kind; those before it are passed over."""

        def found() -> dict[str, Any] | None:
            for place in range(self._looked_at, len(self.events)):
                if self.events[place]["event"] == kind:
                    self._looked_at = place + 1
                    return self.events[place]
            return None

        event: dict[str, Any] = until(found, PATIENCE, f"{kind} of JsSIP: {self.events[-3:]}")
        return event

    def quit(self) -> None:
        """Log off and close the browser."""
        try:
            if self._process.poll() is None:
                self.do("quit")
            self._process.wait(PATIENCE)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self.events.append(json.loads(line))
            except ValueError:
                self.events.append({"event": "said", "text": line.rstrip()})
