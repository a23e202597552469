"""Extensions of files that run, or that mail programs hand to what runs them."""

from collections.abc import Iterable, Mapping

from ..mail import Message
from ..mail.part import Part
from ..mail.text import normal_form

MAX_FILES = 256
"""Parts whose names are looked at."""

MAX_NAMES = 8
"""Readings of one part's name that are looked at."""

MAX_NAME = 255
"""Characters of a name, from its end, that are looked at."""

_BY_FACTOR: Mapping[int, str] = {
    1: "aspx exe htm html shtm shtml",
    2: "arj asx cue dqy iqy jar mht mhtml oqy rdp rqy sfx slk txz vss vst wim zpaq",
    3: "cab",
    4: (
        "ace ade adp app asp bas bat chm cmd cnt com cpl csh diagcab dll fxp gadget grp hlp "
        "hpj hta htc inf ins iso isp its jnlp js jse ksh lib library-ms lnk mad maf mag mam "
        "maq mar mas mat mau mav maw mcf mda mdb mde mdt mdw mdz msc msh msh1 msh1xml msh2 "
        "msh2xml mshxml msi msp mst msu nsh ops osd pcd pif pl plg prf prg printerexport ps1 "
        "ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 pst pyc pyo pyw pyz pyzw reg scf scr sct "
        "search-ms shb shs sys theme url vb vbe vbp vbs vhd vhdx vsmacros vsw vxd webpnp "
        "website ws wsc wsf wsh xbap xll xnk"
    ),
}

BAD: Mapping[str, int] = {
    extension: factor for factor, names in _BY_FACTOR.items() for extension in names.split()
}
"""Extension -> how bad it is, as a weight."""


def named_parts(message: Message) -> Iterable[tuple[Part, tuple[str, ...]]]:
    """Parts with all names that programs may see, other readings of the message included."""
    left = MAX_FILES
    for part in (*message.leaves, *message.alternatives):
        if part.filenames:
            yield part, part.filenames[:MAX_NAMES]
            left -= 1
        if left <= 0:
            return


def extensions_of(name: str) -> tuple[str, str]:
    """The last extension of a name and the one before it; empty where there is none.

    As Windows does it, dots and blanks at the end do not count; nor do characters that nobody
    sees.
    """
    pieces = normal_form(name[-MAX_NAME:]).rstrip(". \t\r\n\0").rsplit(".", 2)
    if len(pieces) < 2:
        return "", ""
    return pieces[-1].strip(), pieces[-2].strip() if len(pieces) == 3 else ""
