"""Connections that we make by Twisted, for `wrapClientTLS`: see `outgoing`."""

from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.threads import deferToThreadPool
from zope.interface import implementer

from .outgoing import Made, Outgoing
from .verified import read_name


async def creator(outgoing: Outgoing, reactor: Any, name: str) -> IOpenSSLClientConnectionCreator:
    """For connections to a DNS name or an IP address; files are read in a thread. Raises TlsError.

    Nothing of these terms or this name is left to fail when there is a connection.
    """
    name = read_name(name)
    made: Deferred[Made] = deferToThreadPool(reactor, reactor.getThreadPool(), outgoing.ready)
    return _Creator(await made, name)


@implementer(IOpenSSLClientConnectionCreator)
class _Creator:
    """Makes what `TLSMemoryBIOFactory` needs of each connection."""

    def __init__(self, made: Made, name: str) -> None:
        self._made, self._name = made, name

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """One that is verified."""
        return self._made.connection(self._name)
