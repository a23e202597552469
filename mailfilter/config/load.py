"""Load the configuration: defaults, main file, conf.d, with every mistake at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .complaint import Place
from .files import MAX_TOTAL, Document, Source, find_fragments, read_document, read_source
from .model import Composite, Config
from .problem import DEFAULT, ConfigError, Origin, Problem, Problems, in_order
from .references import TABLES
from .rules import find_problems, find_warnings
from .schema import table_of
from .secrets import Exposed, find_exposed
from .toml_text import KeyPath, key_text
from .tree import Builder, Reader, Tree, empty_tables, merge, settings_in


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a configuration as they were when they were read.

    Workers that start later are made from these, whatever has become of the files.
    """

    path: str | None = None
    """The main file, absolute; `None` when there is none."""
    directory: str = "/"
    """Where relative paths start: the folder of the main file, else the working directory."""
    files: tuple[Source, ...] = ()
    """In the order in which they are merged."""
    problems: tuple[Problem, ...] = ()
    """Why others cannot be read."""


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
    sources: Sources = field(default_factory=Sources)

    def origin(self, key: str) -> Origin:
        """Where the value of a key (`listeners.scan.endpoint`) comes from.

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


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files say as far as it can be made out, and everything that is wrong with it."""

    loaded: Loaded | None
    """With defaults in place of what was reported, and without entries that cannot be made.

    `None` where a file could not be read, or the problems are too many: what is missing may be
    in there.
    """
    problems: tuple[Problem, ...]
    """By file and line."""
    doubtful: frozenset[KeyPath]
    """Keys that do not hold what was meant: what was written for them was reported."""


def load(path: str | None) -> Loaded:
    """Load the main file and the `conf.d/*.toml` beside it; `None` is the built-in defaults.

    Raises ConfigError with everything that is wrong.
    """
    reading = read(path)
    if reading.problems or reading.loaded is None:
        raise ConfigError(reading.problems)
    return reading.loaded


def read(path: str | None) -> Reading:
    """As `load`, for those who go on checking what could be read. Raises nothing."""
    return read_sources(take_sources(path))


def take_sources(path: str | None) -> Sources:
    """Read the files as they are now. Raises nothing."""
    if path is None:
        return Sources(None, os.getcwd())
    path = os.path.abspath(path)
    fragments, problems = find_fragments(path)
    files = []
    for file in (path, *fragments):
        source, found = read_source(file)
        problems += found
        if source is not None:
            files.append(source)
    if sum(len(source.data) for source in files) > MAX_TOTAL:
        expected = f"expected at most {MAX_TOTAL // 2**20}MiB in all files together"
        return Sources(path, os.path.dirname(path), (), (Problem(path, None, "", None, expected),))
    return Sources(path, os.path.dirname(path), tuple(files), tuple(problems))


def read_sources(sources: Sources) -> Reading:
    """Make sense of files. Raises nothing."""
    path, directory = sources.path, sources.directory
    problems = Problems()
    problems.add(*sources.problems)
    documents = _documents(sources, problems)
    is_complete = not sources.problems and len(documents) == len(sources.files)
    tree: Tree = {}
    trees = []
    for document in documents:
        trees.append(Reader(table_of(Config), document, directory, problems).read())
        tree = merge(tree, trees[-1])
    place = _places(documents, tree)
    config = _build(tree, place, problems) if is_complete else None
    exposed = Exposed()
    if config is not None:
        exposed = find_exposed(config.server, sources.files, trees)
        problems.add(*exposed.problems)
    loaded = None
    if config is not None and not problems.is_full:
        loaded = Loaded(
            config=config,
            origins=_origins(tree, place),
            path=path,
            directory=directory,
            files=tuple(document.file for document in documents),
            warnings=() if problems.found else (*find_warnings(config, place), *exposed.warnings),
            sources=sources,
        )
    found = tuple(in_order(problems.found, path))
    return Reading(loaded, found, frozenset(problems.doubtful))


def _origins(tree: Tree, place: Place) -> dict[str, Origin]:
    origins = {key_text(path): setting.origin for path, setting in settings_in(tree)}
    return origins | {key_text(path): place(path) for path in empty_tables(tree)}


def _documents(sources: Sources, problems: Problems) -> list[Document]:
    """The documents that can be made sense of."""
    documents = []
    for source in sources.files:
        document, found = read_document(source)
        problems.add(*found)
        if document is not None:
            documents.append(document)
    return documents


def _places(documents: list[Document], tree: Tree) -> Place:
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


def _build(tree: Tree, place: Place, problems: Problems) -> Config | None:
    """The configuration, and what is wrong between its keys; `None` if there is no end to it."""
    config = Builder(place, problems).build(table_of(Config), tree, Config(), ())
    if not isinstance(config, Config) or problems.is_full:
        return None
    named = {table: {*getattr(config, table), *_named(tree, table)} for table in TABLES}
    problems.add(*find_problems(config, named, place, problems.is_doubtful))
    return _with_lost_composites(config, tree, place)


def _named(tree: Tree, table: str) -> Tree:
    """The entries of a table that files set."""
    found = tree.get(table)
    return found if isinstance(found, dict) else {}


def _with_lost_composites(config: Config, tree: Tree, place: Place) -> Config:
    """Composites that cannot be built stay as disabled ones, for others that name them."""
    composites = {
        name: item if item.expression else replace(item, enabled=False)
        for name, item in config.composites.items()
    }
    builder = Builder(place, Problems())
    for name, item in _named(tree, "composites").items():
        if name not in composites:
            found = builder.build(table_of(Composite), item, Composite(), ())
            if isinstance(found, Composite):
                composites[name] = replace(found, enabled=False)
    return replace(config, composites=composites)
