"""The controller and the web interface on a listener (http-controller.md)."""

from .scan_http import HttpFactory


class ControllerFactory(HttpFactory):
    """Serves one listener."""
