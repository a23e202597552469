"""What there is no feature behind yet: learning, fuzzy hashes, selectors, neural networks.

Each is answered as by a Rspamd without it (http-controller.md 2.2, 2.7).
"""

from .controller_call import NOT_FOUND, Call, Endpoint, Endpoints, Handler, json_reply
from .http_reply import Reply, error_reply

NO_CLASSIFIERS = "no classifiers defined"
EMPTY = "Empty body is not permitted"


async def learn(call: Call) -> Reply:
    """Refuse to learn a message."""
    if not call.body:
        return error_reply(400, EMPTY)
    return error_reply(404, NO_CLASSIFIERS)


async def learnclass(call: Call) -> Reply:
    """Refuse to learn a message as one of a class."""
    if not call.body:
        return error_reply(400, EMPTY)
    if not call.told("class"):
        return error_reply(400, "Class header is required for multiclass learning")
    return error_reply(404, NO_CLASSIFIERS)


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


_LEARN = Endpoint(learn, "change", takes="message")
_FUZZY = Endpoint(disabled, "change", takes="message")
_LISTS = ("list_extractors", "list_transforms")
"""Empty, not absent: Rspamd's web interface shows errors at each login if one of them is absent."""
_NEURAL = ("learn", "learn_message", "status", "config", "train")

ENDPOINTS: Endpoints = {
    "/bayes/classifiers": Endpoint(_nothing({"classifiers": []})),
    "/learnspam": _LEARN,
    "/learnham": _LEARN,
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
