"""One message, read only: header fields, MIME tree, text, addresses, route.

`parse` finds the structure of a message in time linear to its size and never raises. All else
is worked out when it is asked for. What is odd about a message is in its list of anomalies.
"""

from .addresses import Address
from .ahead import read_ahead
from .anomaly import Anomaly, AnomalyKind
from .headers import Header, Headers
from .html import Hidden, HtmlForm, HtmlImage, HtmlLink, HtmlView
from .limits import Limits
from .message import Message, parse, parse_text
from .params import ContentValue
from .part import Part
from .received import Received
from .text import Text

__all__ = [
    "Address",
    "Anomaly",
    "AnomalyKind",
    "ContentValue",
    "Header",
    "Headers",
    "Hidden",
    "HtmlForm",
    "HtmlImage",
    "HtmlLink",
    "HtmlView",
    "Limits",
    "Message",
    "Part",
    "Received",
    "Text",
    "parse",
    "parse_text",
    "read_ahead",
]
