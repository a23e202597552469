"""From a request at the controller to its reply: who asks, for what, and what all replies bear."""

from collections.abc import Callable
from dataclasses import replace

from ..codec.http1 import ProtocolError, RequestComplete, RequestHead
from ..codec.http_body import Refused
from ..store.errors import StoreError
from .access import Allowed
from .controller_body import METHODS, is_large
from .controller_call import NOT_FOUND, REQUESTS, TEXT, Call, Endpoint, Endpoints
from .controller_paths import lookup_path
from .http_answer import Answers, Asked, refusal
from .http_reply import Reply, error_reply
from .packing import packed
from .peer import Peer
from .refusals import Count, uncounted
from .services import Refused as DeskRefused
from .services import Services
from .static_files import StaticFiles

PING = "/ping"

_PONG = Reply(200, b"pong\r\n", TEXT)
_INVALID_METHOD = Reply(500, b"", TEXT, error="Invalid method")
_OPTIONS = Reply(
    200,
    b"",
    TEXT,
    extra=(
        ("Access-Control-Allow-Methods", "POST, GET, OPTIONS"),
        (
            "Access-Control-Allow-Headers",
            "Classifier,Class,Content-Type,Password,Map,Weight,Flag,Hash",
        ),
    ),
)

NO_REPLY = "a request to the controller failed"

NOBODY = Allowed("nobody", may_change=False, how="nothing")
"""Who asks where nobody is asked who it is."""

EVERYWHERE = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
"""Headers of replies that do not bring one of the same name."""


class ControllerAnswers(Answers):
    """Answers the requests that come by one listener."""

    _count: Count
    _services: Services
    _files: StaticFiles
    _endpoints: Endpoints
    _wall_clock: Callable[[], float]

    def begin(
        self,
        services: Services,
        endpoints: Endpoints,
        wall_clock: Callable[[], float],
        count: Count = uncounted,
    ) -> None:
        """What to answer with; before the first request."""
        self._count = count
        self._services = services
        controller = services.config.controller
        self._files = StaticFiles(controller.static_dir, controller.neighbours)
        self._endpoints = endpoints
        self._wall_clock = wall_clock

    def at_once(self, request: RequestComplete) -> Reply | None:
        """The answer to a request for which nobody need be known."""
        method = request.head.method
        if method == b"OPTIONS":
            return _OPTIONS
        path = lookup_path(request.head.path)
        # What an endpoint is asked for by HEAD it would do, and could not tell.
        is_head_of_file = method == b"HEAD" and path not in self._endpoints
        if method not in METHODS and not is_head_of_file:
            return _INVALID_METHOD
        return _PONG if path == PING else None

    def refused(self, error: ProtocolError, peer: Peer) -> Reply:
        """The answer to what is no request, or too large: nobody was asked yet who it is."""
        return error_reply(error.status, error.text)

    def dressed(self, reply: Reply) -> Reply:
        """A reply with the headers that all have."""
        present = {name for name, _ in reply.extra}
        more = [(name, value) for name, value in EVERYWHERE if name not in present]
        if self._services.config.controller.neighbours:
            more.append(("Access-Control-Allow-Origin", "*"))
        return replace(reply, extra=(*reply.extra, *more))

    async def answer(self, asked: Asked) -> Reply:
        """Answer a request by what is at its path. Raises what goes wrong in there."""
        self._count(REQUESTS)
        head = asked.request.head
        path = lookup_path(head.path)
        endpoint = self._endpoints.get(path)
        if endpoint is None:
            return await self._files.find(head) or NOT_FOUND
        allowed = await self._decide(asked, endpoint)
        if isinstance(allowed, Reply):
            return allowed
        if endpoint.handler is None:
            return await self._scan(asked, path, allowed)
        call = Call(
            head,
            path,
            asked.request.body,
            asked.peer,
            allowed,
            self._services,
            self._scanner,
            self._name,
            self._listener,
            self._wall_clock(),
        )
        try:
            return await packed(head, await endpoint.handler(call))
        except Refused as refused:
            return refusal(refused)
        except DeskRefused as refused:
            return error_reply(500, str(refused))
        except StoreError as error:
            return error_reply(504, str(error))

    def asks_first(self, head: RequestHead) -> bool:
        """Whether it must be known who asks before the body of a request is read."""
        endpoint = self._endpoints.get(lookup_path(head.path))
        if endpoint is None or endpoint.needs == "none" or head.method not in METHODS:
            return False
        return is_large(head)

    async def admit(self, asked: Asked) -> Reply | None:
        """The answer to a request whose body need not be read, since it is refused anyway."""
        endpoint = self._endpoints[lookup_path(asked.request.head.path)]
        allowed = await self._decide(asked, endpoint)
        return allowed if isinstance(allowed, Reply) else None

    async def _decide(self, asked: Asked, endpoint: Endpoint) -> Allowed | Reply:
        if endpoint.needs == "none":
            return NOBODY
        return await self._services.access.decide(
            asked.request.head,
            asked.peer,
            asked.known,
            is_change=endpoint.needs == "change",
        )

    async def _scan(self, asked: Asked, path: str, allowed: Allowed) -> Reply:
        """Answer by a scan, as other listeners do."""
        request = asked.request
        asked.request = replace(request, head=replace(request.head, path=path.encode("latin-1")))
        if allowed.how != "identity":
            # Whoever has a password has no less say than a client nearby.
            asked.peer = replace(asked.peer, is_trusted=self._listener.trusted)
        asked.may_scan = True
        return await super().answer(asked)

    def failed(self, asked: Asked) -> Reply:
        """See `Answering.failed`: only who is let in is told of a message."""
        if asked.may_scan:
            return super().failed(asked)
        self._failures.log(NO_REPLY)
        return error_reply(500, "Internal error")

    def overdue(self, asked: Asked) -> Reply:
        """See `Answering.overdue`."""
        if asked.may_scan:
            return super().overdue(asked)
        return error_reply(504, "No answer in time")

    def note_left(self, asked: Asked, seconds: float) -> None:
        """See `Answering.note_left`: a browser leaves as it likes."""
        if asked.may_scan:
            super().note_left(asked, seconds)
