"""`/auth`: whether a password is right, and what may be done with it (http-controller.md 2.2)."""

from .. import __version__
from .controller_call import Call, Endpoint, Endpoints, json_reply
from .controller_stat import config_id, totals_of
from .http_reply import Reply


async def auth(call: Call) -> Reply:
    """Say that somebody is let in, with the first figures of a dashboard."""
    page = await call.services.desk.totals()
    totals = totals_of(page)
    actions = totals.actions
    return json_reply(
        {
            "version": __version__,
            "auth": "ok",
            "uptime": totals.uptime,
            "clean": actions["no action"],
            "probable": actions["add header"] + actions["rewrite subject"],
            "greylist": actions["greylist"],
            "reject": actions["reject"],
            "soft_reject": actions["soft reject"],
            "scanned": totals.scanned,
            "learned": 0,
            "read_only": not call.allowed.may_change,
            "config_id": config_id(call.services.plan),
        }
    )


ENDPOINTS: Endpoints = {"/auth": Endpoint(auth)}
