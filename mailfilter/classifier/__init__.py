"""Statistics over what mail looks like: features, model, table, log of what was learned.

Knows mail and nothing of protocols, sockets or checks.
"""
