"""Paths of the controller: as asked for, and what is looked up (http-controller.md 2.1)."""


def normal_path(path: bytes) -> str:
    """A path without `.`, `..` and empty parts, as sent otherwise; it begins with a slash.

    `..` leads nowhere above the first slash. What is not ASCII becomes a character each octet.
    """
    parts: list[str] = []
    text = path.decode("latin-1")
    for part in text.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    is_folder = bool(parts) and text.endswith(("/", "/.", "/.."))
    return "/" + "/".join(parts) + ("/" if is_folder else "")


def lookup_path(path: bytes) -> str:
    """The same in lower case and without a slash at the end: what endpoints are found by."""
    return normal_path(path).lower().rstrip("/") or "/"
