"""SIP (RFC 3261): URIs and messages, transactions, dialogs and the channels made of them; no socket, no clock."""
