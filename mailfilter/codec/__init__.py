"""Protocols as octets: what comes in as events, replies as octets; no sockets, no mail."""
