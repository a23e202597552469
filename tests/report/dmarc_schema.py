"""Whether a document is an aggregate report: by the schema of RFC 7489 appendix C, as a table.

Also reads the few parts of XML Schema that published schemas of such reports use.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

XS = "{http://www.w3.org/2001/XMLSchema}"

Kind = Callable[[str], bool] | Mapping[str, object]


def _one_of(words: str) -> Callable[[str], bool]:
    return lambda text: text in words.split()


def _is_ip(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _text(text: str) -> bool:
    return True


_MODE = _one_of("r s")
_ASKED = _one_of("none quarantine reject")
_PASS = _one_of("pass fail")

# Name -> what it holds. "?" after a name: it may be missing; "*": any number; "+": one or more.
FEEDBACK: Mapping[str, object] = {
    "version": re.compile(r"\d+(\.\d+)?").fullmatch,
    "report_metadata": {
        "org_name": _text,
        "email": _text,
        "extra_contact_info?": _text,
        "report_id": _text,
        "date_range": {"begin": str.isdigit, "end": str.isdigit},
        "error*": _text,
    },
    "policy_published": {
        "domain": _text,
        "adkim?": _MODE,
        "aspf?": _MODE,
        "p": _ASKED,
        "sp": _ASKED,
        "pct": str.isdigit,
        "fo": _text,
    },
    "record+": {
        "row": {
            "source_ip": _is_ip,
            "count": str.isdigit,
            "policy_evaluated": {
                "disposition": _ASKED,
                "dkim": _PASS,
                "spf": _PASS,
                "reason*": {
                    "type": _one_of(
                        "forwarded sampled_out trusted_forwarder mailing_list local_policy other"
                    ),
                    "comment?": _text,
                },
            },
        },
        "identifiers": {"envelope_to?": _text, "envelope_from": _text, "header_from": _text},
        "auth_results": {
            "dkim*": {
                "domain": _text,
                "selector?": _text,
                "result": _one_of("none pass fail policy neutral temperror permerror"),
                "human_result?": _text,
            },
            "spf+": {
                "domain": _text,
                "scope": _one_of("helo mfrom"),
                "result": _one_of("none neutral pass fail softfail temperror permerror"),
            },
        },
    },
}


def problems(element: Element, kind: object = FEEDBACK, where: str = "") -> Iterator[str]:
    """What is wrong with an element; its children stand in the order of the table."""
    where = f"{where}/{element.tag}"
    if callable(kind):
        if len(element) or not kind(element.text or ""):
            yield f"{where}: {element.text!r}"
        return
    assert isinstance(kind, Mapping)
    children = list(element)
    for name, inner in kind.items():
        tag = name.rstrip("?*+")
        found = 0
        while children and children[0].tag == tag:
            yield from problems(children.pop(0), inner, where)
            found += 1
        most = 10**9 if name[-1] in "*+" else 1
        if not (name[-1] not in "?*") <= found <= most:
            yield f"{where}: {found} {tag}"
    yield from (f"{where}: unexpected {child.tag}" for child in children)


class Schema:
    """A published schema: sequences, alls, enumerations and patterns."""

    def __init__(self, text: bytes) -> None:
        root = ElementTree.fromstring(text)
        self._types = {item.get("name"): item for item in root if item.get("name")}

    def problems(self, document: Element) -> Iterator[str]:
        """What is wrong with a document."""
        yield from self._element(document, self._types[document.tag])

    def _element(self, element: Element, declared: Element) -> Iterator[str]:
        kind = (declared.get("type") or "").removeprefix("xs:")
        found = self._types.get(kind)
        if found is None:
            found = declared.find(f"{XS}complexType")
        if found is None:
            if kind == "integer" and not (element.text or "").isdigit():
                yield f"{element.tag}: {element.text!r} is no integer"
        elif found.tag == f"{XS}simpleType":
            yield from self._simple(element, found)
        else:
            yield from self._complex(element, found)

    def _simple(self, element: Element, declared: Element) -> Iterator[str]:
        text = element.text or ""
        words = [item.get("value") for item in declared.iter(f"{XS}enumeration")]
        patterns = [item.get("value") or "" for item in declared.iter(f"{XS}pattern")]
        if words and text not in words:
            yield f"{element.tag}: {text!r} is none of {words}"
        if patterns and not any(re.fullmatch(pattern, text) for pattern in patterns):
            yield f"{element.tag}: {text!r}"

    def _complex(self, element: Element, declared: Element) -> Iterator[str]:
        group = declared[0]
        known = {item.get("name"): item for item in group}
        order = list(known)
        places = []
        for child in element:
            if child.tag not in known:
                yield f"{element.tag}: unexpected {child.tag}"
                continue
            places.append(order.index(child.tag))
            yield from self._element(child, known[child.tag])
        if group.tag == f"{XS}sequence" and places != sorted(places):
            yield f"{element.tag}: not in order"
        for name, item in known.items():
            count = sum(child.tag == name for child in element)
            most = item.get("maxOccurs", "1")
            if count < int(item.get("minOccurs", "1")):
                yield f"{element.tag}: no {name}"
            if most != "unbounded" and count > int(most):
                yield f"{element.tag}: {count} {name}"
