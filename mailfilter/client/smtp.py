"""Hands one message to an MTA by SMTP, with limits of time, and by verified TLS if that is wanted.

What it says of an end is exact: the MTA has taken the message, or it has not, or nobody knows
(`Unanswered`), as when a connection breaks between the end of the message and its confirmation.
"""

from io import BytesIO
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.mail.smtp import ESMTPClient
from twisted.python.failure import Failure

from ..report.escape import escape
from ..tls.errors import TlsError
from ..tls.outgoing import Outgoing, Terms
from ..tls.outgoing_twisted import creator
from .sending import Mta, SendError, Unanswered

CONNECT_SECONDS = 30.0
IDLE_SECONDS = 120.0
"""For one answer of the MTA."""
TOTAL_SECONDS = 600.0
MAX_LINES = 100
"""Of one answer."""


async def send(reactor: Any, mta: Mta, sender: str, recipient: str, message: bytes) -> str:
    """Send a message (LF line ends) and return what the MTA said. Raises SendError."""
    context = None
    if mta.has_tls:
        try:
            context = await creator(Outgoing(Terms(authorities=mta.authorities)), reactor, mta.host)
        except TlsError as error:
            raise SendError(f"{mta.place}: {error}") from None
    client = Client(reactor, mta, sender, recipient, message, context)
    endpoint = HostnameEndpoint(reactor, mta.host, mta.port, timeout=CONNECT_SECONDS)
    try:
        await _connect(endpoint, client)
        client.done.addTimeout(TOTAL_SECONDS, IReactorTime(reactor))
        return await client.done
    except CancelledError:
        ended = client.failure("interrupted")
        ended.is_interrupted = True
        raise ended from None
    except TimeoutError:
        raise client.failure(f"not finished after {TOTAL_SECONDS:g} s") from None
    finally:
        client.leave()


async def _connect(endpoint: HostnameEndpoint, client: "Client") -> None:
    try:
        await connectProtocol(endpoint, client)
    except CancelledError:
        raise
    except Exception as error:
        raise client.failure(escape(str(error))) from None


_Base: Any = ESMTPClient


class Client(_Base):  # type: ignore[misc]
    """The dialogue about one message; `done` fires with its end."""

    debug = False
    timeout = IDLE_SECONDS

    def __init__(
        self,
        reactor: Any,
        mta: Mta,
        sender: str,
        recipient: str,
        message: bytes,
        context: object = None,
    ) -> None:
        super().__init__(None, context, mta.helo)
        self.requireTransportSecurity = mta.has_tls
        self.callLater = IReactorTime(reactor).callLater
        self.done: Deferred[str] = Deferred()
        self._mta = mta
        self._sender: str | None = sender
        self._recipient = recipient
        self._message = message
        self._is_handed_over = False
        """All of the message was sent."""
        self._is_over = False
        self._is_taken = False

    def getMailFrom(self) -> str | None:
        """The sender of the only message."""
        sender, self._sender = self._sender, None
        return sender

    def getMailTo(self) -> list[str]:
        """The only recipient."""
        return [self._recipient]

    def getMailData(self) -> BytesIO:
        """The message."""
        return BytesIO(self._message)

    def finishedFileTransfer(self, lastsent: bytes) -> None:
        """From here on the MTA may take the message."""
        self._is_handed_over = True
        super().finishedFileTransfer(lastsent)

    def lineReceived(self, line: bytes) -> None:
        """An answer, or a part of one."""
        if len(self.resp) >= MAX_LINES:
            self._end(self.failure(f"an answer of more than {MAX_LINES} lines"))
            self.leave()
            return
        super().lineReceived(line)

    def smtpState_helo(self, code: int, resp: bytes) -> None:
        """EHLO was refused; when HELO is, too, it is not tried again and again."""
        self._failresponse = self.smtpConnectionFailed
        super().smtpState_helo(code, resp)

    def esmtpState_starttls(self, code: int, resp: bytes) -> None:
        """Begin TLS, unless something came before it that TLS does not protect."""
        if self.clearLineBuffer():
            self._end(self.failure("more than the answer to STARTTLS came before TLS"))
            self.leave()
            return
        super().esmtpState_starttls(code, resp)

    def sentMail(
        self, code: int, resp: bytes | str, numOk: int, addresses: Any, log: object
    ) -> None:
        """The MTA has said what becomes of the message."""
        if 200 <= code < 300 and numOk:
            self._is_taken = True
            self._end(_text(code, resp))
            return
        for _address, said_code, said in addresses:
            if not 200 <= said_code < 300:
                code, resp = said_code, said
        # It was an answer: whatever was sent, it is not taken.
        refused = SendError(f"{self._mta.place}: {_text(code, resp)}")
        # Of a sender that is refused there is no address yet.
        refused.is_refused = bool(addresses)
        self._end(refused)

    def sendError(self, exc: Any) -> None:
        """The dialogue cannot go on."""
        code, resp = getattr(exc, "code", -1), getattr(exc, "resp", b"")
        self._end(self.failure(_text(code, resp)))
        super().sendError(exc)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end, whoever wanted it."""
        self._end(self.failure(escape(reason.getErrorMessage())))
        super().connectionLost(reason)

    def failure(self, text: str) -> SendError:
        """What it means that the dialogue ends here."""
        kind = Unanswered if self._is_handed_over else SendError
        return kind(f"{self._mta.place}: {text}")

    def leave(self) -> None:
        """Let go of the connection, unless we are about to end it politely."""
        if self.transport is not None and not self._is_taken:
            self.transport.abortConnection()

    def _end(self, result: str | SendError) -> None:
        if self._is_over:
            return
        self._is_over = True
        if isinstance(result, str):
            self.done.callback(result)
        else:
            self.done.errback(result)


def _text(code: int, resp: bytes | str) -> str:
    said = resp if isinstance(resp, str) else resp.decode("utf-8", "replace")
    return escape(f"{code} {said}" if code > 0 else said).replace("\\n", " ")
