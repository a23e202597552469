"""The controller and the web interface on a listener (http-controller.md)."""

from typing import Any

from ..codec.http1 import RequestHead
from ..codec.http_body import Body
from . import (
    controller_api,
    controller_api_history,
    controller_api_maps,
    controller_api_scan,
    controller_auth,
    controller_health,
    controller_history,
    controller_learning,
    controller_maps,
    controller_metrics,
    controller_rules,
    controller_scan,
    controller_stat,
)
from .controller_answer import ControllerAnswers
from .controller_body import open_body
from .controller_call import Endpoints
from .controller_connection import ControllerConnection
from .refusals import Count, uncounted
from .scan_http import HttpFactory
from .sealed_room import MESSAGES, Room
from .services import Services

ENDPOINTS: Endpoints = {
    **controller_api.ENDPOINTS,
    **controller_api_history.ENDPOINTS,
    **controller_api_maps.ENDPOINTS,
    **controller_api_scan.ENDPOINTS,
    **controller_auth.ENDPOINTS,
    **controller_health.ENDPOINTS,
    **controller_history.ENDPOINTS,
    **controller_learning.ENDPOINTS,
    **controller_maps.ENDPOINTS,
    **controller_metrics.ENDPOINTS,
    **controller_rules.ENDPOINTS,
    **controller_scan.ENDPOINTS,
    **controller_stat.ENDPOINTS,
}
"""All there is beside `/ping` and files. A module with more adds its line here."""


class ControllerFactory(HttpFactory):
    """Serves one listener."""

    answers_type = ControllerAnswers
    answers: ControllerAnswers
    endpoints = ENDPOINTS

    def __init__(
        self, *given: Any, services: Services, count: Count = uncounted, **named: Any
    ) -> None:
        """Beside what all factories are given: what the filter knows, and how it is changed."""
        super().__init__(*given, count=count, **named)
        self.room = Room(MESSAGES * self.max_message)
        self.answers.begin(services, self.endpoints, self.wall_clock, count)

    def make_connection(self) -> ControllerConnection:
        """See `LimitedFactory.make_connection`."""
        return ControllerConnection(
            self,
            self._dates,
            self.wall_clock,
            self.open_body,
            self.answers.asks_first,
            self.make_door(),
        )

    def open_body(self, head: RequestHead) -> Body:
        """See `HttpFactory.open_body`."""
        return open_body(head, self.endpoints, self.max_message)
