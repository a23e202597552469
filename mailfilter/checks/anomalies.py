"""Is the message one that programs read in different ways, or one too large to be read whole?"""

from collections.abc import Mapping

from ..mail.anomaly import AnomalyKind as Kind
from ..scan.check import Check, Findings, Hit, Stage, Symbol
from ..scan.task import Task

KINDS: Mapping[str, frozenset[Kind]] = {
    "MIME_AMBIGUOUS": frozenset(
        {
            *(Kind.DUPLICATE_CONTENT_TYPE, Kind.DUPLICATE_PARAMETER, Kind.DUPLICATE_ENCODING),
            *(Kind.AMBIGUOUS_BOUNDARY, Kind.PARENT_BOUNDARY_IN_CHILD, Kind.BAD_BOUNDARY),
            *(Kind.PARTS_AFTER_CLOSE, Kind.ENCODED_CONTAINER),
        }
    ),
    "BEYOND_LIMITS": frozenset(
        {
            *(Kind.TOO_DEEP, Kind.TOO_MANY_PARTS, Kind.TOO_MANY_HEADERS),
            *(Kind.TOO_MANY_ADDRESSES, Kind.TOO_MANY_RECEIVED),
        }
    ),
    "PARTLY_READ": frozenset({Kind.HEADER_CUT, Kind.DECODED_CUT, Kind.TEXT_CUT, Kind.HTML_CUT}),
    "ODD_CODING": frozenset(
        {
            *(Kind.UNKNOWN_ENCODING, Kind.UNKNOWN_CHARSET, Kind.CHARSET_MISMATCH),
            *(Kind.NESTED_ENCODED_WORD, Kind.DATA_AFTER_PADDING),
        }
    ),
}
"""Symbol -> what it stands for.

Names of files are not there: signed mail of Thunderbird has two for its signature, webmail one in
ASCII beside its own, and who judges names looks at all of them.
"""


class Anomalies(Check):
    """Tells what the parser has met, when all checks that have messages read are done.

    The options say which anomalies there were.
    """

    name = "anomalies"
    stage = Stage.CLASSIFY
    symbols = {
        "MIME_AMBIGUOUS": Symbol(1.5, "mime", "programs differ in which parts the message has"),
        "BEYOND_LIMITS": Symbol(
            2.0, "mime", "more parts, levels, fields or addresses than mail has"
        ),
        "PARTLY_READ": Symbol(0.0, "mime", "too large to be looked at in full"),
        "ODD_CODING": Symbol(1.0, "mime", "encoding or charset that nobody knows, or a wrong one"),
    }

    def run(self, task: Task) -> Findings:
        found = {anomaly.kind: None for anomaly in task.message.anomalies}
        if not found:
            return ()
        return [
            Hit(symbol, options=tuple(kind.value for kind in found if kind in kinds))
            for symbol, kinds in KINDS.items()
            if not kinds.isdisjoint(found)
        ]
