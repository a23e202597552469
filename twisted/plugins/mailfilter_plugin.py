"""Make `mailfilter` a command of `twistd` and `twist`.

Every twistd on the host imports this file, so it must not import the filter itself.
"""

from twisted.application.service import ServiceMaker

mailfilter = ServiceMaker(
    "mailfilter", "mailfilter.app.tap", "A mail filter server (milter and HTTP)", "mailfilter"
)
