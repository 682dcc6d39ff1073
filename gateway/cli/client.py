"""A running office, asked by HTTP; what goes wrong is said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final
from urllib.parse import quote

import httpx
import typer

from gateway.core.errors import LocalError

__all__ = ["OfficeClient", "Url", "segment"]

DEFAULT_URL: Final = "http://127.0.0.1:8080"

TIMEOUT: Final = 10.0
"""Seconds for an answer: an office answers within milliseconds, also under load."""

Url = Annotated[
    str, typer.Option(help="Where the office runs: [web] listen of its configuration.", envvar="COPPERLINE_URL")
]
"""The option that names the office."""


def segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


class OfficeClient:
    """Asks one office.

    Args:
        url: where it runs: "http://127.0.0.1:8080", or as [web] listen has it, "127.0.0.1:8080".
        transport: how to get there; None takes the network.
    """

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._base = url if "://" in url else f"http://{url}"
        self._transport = transport

    def get(self, path: str) -> Any:
        """The JSON at `path`.

        Raises:
            LocalError: the office is not there, or refuses; the text says why.
        """
        return self._json(self._send("GET", path))

    def knows(self, path: str) -> bool:
        """Whether there is anything at `path`; raises as `get`."""
        return self._send("GET", path, absent=True).status_code != httpx.codes.NOT_FOUND

    def download(self, path: str) -> bytes:
        """The bytes at `path`; raises as `get`."""
        return self._send("GET", path).content

    def stream(self, path: str) -> Iterator[bytes]:
        """The bytes at `path` as they come, however many; raises as `get`, also on the way."""
        try:
            with self._client() as client, client.stream("GET", path) as answer:
                if answer.is_error:
                    answer.read()
                self._checked(answer)
                yield from answer.iter_bytes()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreached(error) from error

    def act(self, path: str, body: Any) -> None:
        """Send JSON to `path`; raises as `get`."""
        self._send("POST", path, json=body)

    def ask(self, path: str, body: Any) -> Any:
        """What the office answers in JSON to JSON that is sent to `path`; raises as `get`."""
        return self._json(self._send("POST", path, json=body))

    def delete(self, path: str) -> None:
        """End what is at `path`; raises as `get`."""
        self._send("DELETE", path)

    def end(self, path: str) -> bool:
        """End what may be at `path`, and whether it was there; raises as `get`."""
        return self._send("DELETE", path, absent=True).status_code != httpx.codes.NOT_FOUND

    def upload(self, path: str, data: bytes, media_type: str) -> None:
        """Send bytes to `path`; raises as `get`."""
        self._send("POST", path, content=data, headers={"content-type": media_type})

    def _send(self, method: str, path: str, *, absent: bool = False, **request: Any) -> httpx.Response:
        """What the office answers; `absent` is whether it may know nothing of `path`."""
        try:
            with self._client() as client:
                answer = client.request(method, path, **request)
                return answer if absent and answer.status_code == httpx.codes.NOT_FOUND else self._checked(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreached(error) from error

    def _client(self) -> httpx.Client:
        """An office is on this machine or behind a tunnel: no proxy of the environment leads to it."""
        return httpx.Client(
            base_url=self._base,
            timeout=TIMEOUT,
            trust_env=False,
            transport=self._transport,
            verify=self._base.startswith("https:"),  # to read who may vouch takes longer than all the rest
        )

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            body = self._json(answer)
            raise LocalError(str(body.get("error", body)) if isinstance(body, dict) else str(body))
        return answer

    def _unreached(self, error: Exception) -> LocalError:
        if isinstance(error, httpx.TimeoutException):
            return LocalError(f"The office at {self._url} did not answer within {TIMEOUT:g} s.")
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
            return LocalError(f"The office at {self._url} broke off in its answer; its log may tell why.")
        mend = 'start one with "copperline run CONFIG", or name another with --url'
        return LocalError(f"No office runs at {self._url}; {mend}.")

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise LocalError(f"What answers at {self._url} is no Copperline office.") from error
