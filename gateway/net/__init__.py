"""The shells: the only room that owns sockets and waits for descriptors."""
