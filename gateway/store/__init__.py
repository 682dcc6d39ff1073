"""What outlives the process: registrations, call records, the dialplan's values, what calls cost."""

from gateway.store.binding import StoredBinding
from gateway.store.store import Store
from gateway.store.values import StoredDatabase

__all__ = ["Store", "StoredBinding", "StoredDatabase"]
