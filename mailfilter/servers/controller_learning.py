"""Learning, and what there is no feature behind yet: fuzzy hashes, selectors, neural networks.

Each of these is answered as by a Rspamd without it (http-controller.md 2.2, 2.7).
"""

from ..mail import parse
from .controller_call import NOT_FOUND, SUCCESS, Call, Endpoint, Endpoints, Handler, json_reply
from .http_reply import Reply, error_reply
from .teaching import Label

NO_CLASSIFIERS = "no classifiers defined"
EMPTY = "Empty body is not permitted"

MAX_NAME = 64
"""Characters of a name that are told back."""

MAX_ID = 256
"""The same of a Message-ID."""


CLASSIFIER = "bayes"
"""Its name, as in Rspamd's default configuration."""

CLASSES: tuple[Label, ...] = ("spam", "ham")


def _learns(label: Label) -> Handler:
    async def answer(call: Call) -> Reply:
        return await _learn(call, label)

    return answer


async def learnclass(call: Call) -> Reply:
    """Learn a message as one of the class that a header names."""
    if not call.body:
        return error_reply(400, EMPTY)
    told = call.told("class")
    if not told:
        return error_reply(400, "Class header is required for multiclass learning")
    for label in CLASSES:
        if told.strip().lower() == label:
            return await _learn(call, label)
    if call.services.teacher is None:
        return error_reply(404, NO_CLASSIFIERS)
    name = told[:MAX_NAME]
    return error_reply(404, f"class '{name}' is not defined in classifier {CLASSIFIER}")


async def _learn(call: Call, label: Label) -> Reply:
    if not call.body:
        return error_reply(400, EMPTY)
    teacher = call.services.teacher
    if teacher is None:
        return error_reply(404, NO_CLASSIFIERS)
    wanted = call.told("classifier")
    if wanted and wanted != CLASSIFIER:
        return error_reply(404, f"cannot find classifier with name {wanted[:MAX_NAME]}")
    taught = await teacher.learn(call.body, label, call.who)
    if taught.kind == "known":
        name = parse(call.body).message_id or "undef"
        text = f"<{name[:MAX_ID]}> has been already learned as {label}, ignore it"
        return error_reply(208, text)
    if taught.kind == "refused":
        # A 204 would have no body, and clients would fail for want of a reason.
        return json_reply({"success": False, "error": taught.text})
    return json_reply(SUCCESS)


async def classifiers(call: Call) -> Reply:
    """Tell which there are."""
    if call.services.teacher is None:
        return json_reply({"classifiers": []})
    told = {"name": CLASSIFIER, "type": "logistic", "per_user": False, "classes": list(CLASSES)}
    return json_reply({"classifiers": [told]})


async def disabled(call: Call) -> Reply:
    """Say that there is no such feature."""
    return error_reply(500, "Module disabled")


async def fuzzydelhash(call: Call) -> Reply:
    """The same, to whoever names a hash."""
    if not call.told("hash"):
        return error_reply(400, "No hash defined")
    return await disabled(call)


async def absent(call: Call) -> Reply:
    """Nothing is here, which only those learn who are let in."""
    return NOT_FOUND


def _nothing(value: object) -> Handler:
    async def answer(call: Call) -> Reply:
        return json_reply(value)

    return answer


_FUZZY = Endpoint(disabled, "change", takes="message")
_LISTS = ("list_extractors", "list_transforms")
"""Empty, not absent: Rspamd's web interface shows errors at each login if one of them is absent."""
_NEURAL = ("learn", "learn_message", "status", "config", "train")

ENDPOINTS: Endpoints = {
    "/bayes/classifiers": Endpoint(classifiers),
    "/learnspam": Endpoint(_learns("spam"), "change", takes="message"),
    "/learnham": Endpoint(_learns("ham"), "change", takes="message"),
    "/learnclass": Endpoint(learnclass, "change", takes="message"),
    "/fuzzyadd": _FUZZY,
    "/fuzzydel": _FUZZY,
    "/fuzzydelhash": Endpoint(fuzzydelhash, "change"),
    "/plugins/fuzzy/hashes": Endpoint(disabled, takes="message"),
    "/plugins/fuzzy/storages": Endpoint(_nothing({"success": True, "storages": {}})),
    **{f"/plugins/selectors/{name}": Endpoint(_nothing({})) for name in _LISTS},
    "/plugins/selectors/check_selector": Endpoint(absent),
    "/plugins/selectors/check_message": Endpoint(absent, "change", takes="message"),
    **{f"/plugins/neural/{name}": Endpoint(absent, "change", takes="message") for name in _NEURAL},
}
