"""The parts of the store in Redis; RESP is the protocol that Redis speaks."""
