"""Clients that are not run for real: what they send, and how they read what comes back."""
