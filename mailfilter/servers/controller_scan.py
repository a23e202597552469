"""Scans at the controller (http-controller.md 2.2); `/scan` and `/check` reply as of old."""

from .controller_call import Endpoint, Endpoints

_SCAN = Endpoint(None, takes="message")

ENDPOINTS: Endpoints = dict.fromkeys(("/scan", "/check", "/checkv2", "/checkv3"), _SCAN)
