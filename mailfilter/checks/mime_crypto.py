"""Is the message signed or encrypted by OpenPGP or S/MIME?"""

from ..mail.part import Part
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

_SIGNED = {
    "application/pgp-signature": "SIGNED_PGP",
    "application/pkcs7-signature": "SIGNED_SMIME",
    "application/x-pkcs7-signature": "SIGNED_SMIME",
}
_PKCS7 = ("application/pkcs7-mime", "application/x-pkcs7-mime")


class MimeCrypto(Check):
    """Looks at the form alone (RFC 3156, RFC 8551): no signature is verified.

    Only a complete form counts: the type of the message, and the parts that it has to have.
    """

    name = "mime_crypto"
    symbols = {
        "BOGUS_ENCRYPTED_AND_TEXT": Symbol(
            10.0, "mime_types", "claims encryption but carries plain text/HTML"
        ),
        "ENCRYPTED_PGP": Symbol(-0.5, "mime_types", "PGP encrypted"),
        "ENCRYPTED_SMIME": Symbol(-0.5, "mime_types", "S/MIME encrypted"),
        "SIGNED_PGP": Symbol(-2.0, "mime_types", "PGP signed"),
        "SIGNED_SMIME": Symbol(-2.0, "mime_types", "S/MIME signed"),
    }

    def run(self, task: Task) -> Findings:
        root = task.message.root
        if root.type == "multipart/encrypted":
            if any(part.type in ("text/plain", "text/html") for part in task.message.leaves):
                return [Hit("BOGUS_ENCRYPTED_AND_TEXT")]
            types = [part.type for part in root.children]
            is_pgp = types == ["application/pgp-encrypted", "application/octet-stream"]
            return [Hit("ENCRYPTED_PGP")] if is_pgp else ()
        if root.type in _PKCS7:
            return _pkcs7(root)
        if root.type == "multipart/signed" and len(root.children) == 2:
            symbol = _SIGNED.get(root.children[1].type)
            return [Hit(symbol)] if symbol else ()
        return ()


def _pkcs7(part: Part) -> Findings:
    kind = part.params.get("smime-type", "").lower()
    if kind in ("enveloped-data", "authenveloped-data", "authenveloped"):
        return [Hit("ENCRYPTED_SMIME")]
    return [Hit("SIGNED_SMIME")] if kind == "signed-data" else ()
