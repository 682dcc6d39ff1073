"""What outlives the process: registrations and call records."""

from gateway.store.binding import StoredBinding
from gateway.store.store import Store

__all__ = ["Store", "StoredBinding"]
