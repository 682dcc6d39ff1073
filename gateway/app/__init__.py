"""Where every object of a running office is built and joined, from its configuration; no rule lives here."""

from gateway.app.run import run

__all__ = ["run"]
