"""Load the configuration: defaults, main file, conf.d, with every mistake at once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .files import Document, find_fragments, read_document
from .model import Config
from .problem import DEFAULT, ConfigError, Origin, Problem, Problems
from .rules import find_problems, find_warnings
from .schema import table_of
from .toml_text import KeyPath, key_text
from .tree import INVALID, Builder, Reader, Tree, merge, settings_in


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used."""

    config: Config
    origins: Mapping[str, Origin]
    """Where each key that a file sets comes from; the others are defaults."""
    path: str | None
    """The main file, absolute; `None` when there is none."""
    directory: str
    """Where relative paths start: the folder of the main file, else the working directory."""
    files: tuple[str, ...] = ()
    """The files that were read, in the order in which they were merged."""
    warnings: tuple[Problem, ...] = ()

    def origin(self, key: str) -> Origin:
        """Where the value of a key (`listeners.http.endpoint`) comes from.

        Of a table it is the place of the first key in it.
        """
        if key in self.origins:
            return self.origins[key]
        inside = (found for name, found in self.origins.items() if name.startswith(f"{key}."))
        return next(inside, DEFAULT)

    def problem(self, key: str, value: str | None, expected: str, hint: str = "") -> Problem:
        """A problem with a key, for those who check more than the loader can."""
        origin = self.origin(key)
        return Problem(origin.file, origin.line, key, value, expected, hint)


def load(path: str | None) -> Loaded:
    """Load the main file and the `conf.d/*.toml` beside it; `None` is the built-in defaults.

    Raises ConfigError with everything that is wrong.
    """
    problems = Problems()
    path = None if path is None else os.path.abspath(path)
    directory = os.getcwd() if path is None else os.path.dirname(path)
    documents, is_complete = _read(path, problems)
    tree: Tree = {}
    for document in documents:
        tree = merge(tree, Reader(table_of(Config), document, directory, problems).read())
    place = _places(documents, tree)
    config = _build(tree, place, problems, is_complete=is_complete)
    if problems.found or config is None:
        raise ConfigError(_in_order(problems.found, path))
    return Loaded(
        config=config,
        origins={key_text(path): setting.origin for path, setting in settings_in(tree)},
        path=path,
        directory=directory,
        files=tuple(document.file for document in documents),
        warnings=tuple(find_warnings(config, place)),
    )


def _in_order(problems: list[Problem], path: str | None) -> list[Problem]:
    """The main file first, then the others by name, each by line."""
    return sorted(
        problems,
        key=lambda problem: (
            problem.file is None,
            problem.file != path,
            problem.file or "",
            problem.line or 0,
        ),
    )


def _read(path: str | None, problems: Problems) -> tuple[list[Document], bool]:
    """The documents that could be read, and whether that was all of them."""
    if path is None:
        return [], True
    fragments, unlisted = find_fragments(path)
    problems.add(*unlisted)
    documents = []
    for file in (path, *fragments):
        document, found = read_document(file)
        problems.add(*found)
        if document is not None:
            documents.append(document)
    return documents, not unlisted and len(documents) == 1 + len(fragments)


def _places(documents: list[Document], tree: Tree) -> Callable[[KeyPath], Origin]:
    """Where a key stands: where it was last set, else where a file first mentions its table."""
    set_at = {path: setting.origin for path, setting in settings_in(tree)}

    def place(path: KeyPath) -> Origin:
        if isinstance(path[-1], int):
            return _element(documents, path, place(path[:-1]))
        if path in set_at:
            return set_at[path]
        for document in documents:
            if path in document.lines.of:
                return Origin(document.file, document.lines.of[path])
        return DEFAULT

    return place


def _element(documents: list[Document], path: KeyPath, whole: Origin) -> Origin:
    """Where an element of a list stands, in the file that sets the list."""
    for document in documents:
        if document.file == whole.file:
            return Origin(document.file, document.lines.find(path))
    return whole


def _build(
    tree: Tree, place: Callable[[KeyPath], Origin], problems: Problems, *, is_complete: bool
) -> Config | None:
    """The configuration, if one can be made, and what is wrong between its keys.

    Where a file could not be read, what seems missing or amiss may be set in there: then only
    the values are checked.
    """
    builder = Builder(place, problems if is_complete else Problems())
    config = builder.build(table_of(Config), tree, Config(), ())
    if not isinstance(config, Config) or not is_complete:
        return None
    invalid = {path[0] for path, setting in settings_in(tree) if setting.value is INVALID}
    named = tree.get("listeners", {})
    listeners = {*config.listeners, *(named if isinstance(named, dict) else ())}
    for problem in find_problems(config, listeners, place):
        # A threshold that is wrong in itself was replaced by its default for now.
        if not (problem.key.startswith("actions.") and "actions" in invalid):
            problems.add(problem)
    return config
