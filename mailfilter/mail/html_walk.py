"""The walk over the tokens of a document that makes an `HtmlView` of them.

Elements that are open are kept on a stack, with what holds for the text in each. Ends that are
left out or cross each other are put right as browsers do where it decides what is seen.
"""

from collections import Counter

from .css import MAX_RULES, MAX_SHEET, NOTHING, Sheet, Style, read_sheet
from .html import Hidden, HtmlView
from .html_budget import HtmlBudget
from .html_collect import Collector
from .html_elements import (
    ADDRESS,
    BACKGROUND,
    BREAK,
    CELL,
    ENDED_BY,
    ENDS,
    ENDS_P,
    FIELD,
    FITS,
    FORMATTING,
    FOSTERED,
    HEAD,
    KINDS,
    OF_TABLES,
    QUIRKS,
    ROOT,
    SCOPE,
    SPECIAL,
    STOPS,
    UNSEEN_WITHIN,
    VOID,
)
from .html_state import Look, State, style_of
from .html_tokens import Attributes, cut_tags, read_attributes, read_text, tokens
from .html_traits import traits_of

MAX_DEPTH = 1000
"""Elements open at once; the content of others counts as that of the one around them."""

TELLING = ADDRESS | HEAD | FIELD
"""Kinds of elements of which more than the style is looked at."""

NO_ATTRIBUTES = Attributes()

HEAD_OF = 1000
"""Characters in which a document's type is looked for."""

LINE = "\x1f"
"""Stands for the end of a line in the pieces of text: white space as others, if mail has it."""


def read_html(source: str, budget: HtmlBudget) -> HtmlView:
    """Read a document as far as the budget goes; never raises, takes time linear to its size."""
    text = cut_tags(source[: max(budget.characters, 0)], max(budget.tags, 0))
    budget.characters -= len(text)
    budget.tags -= text.count("<")
    walk = _Walk(budget, is_cut=len(text) < len(source))
    walk.run(text)
    return walk.view()


class _Walk:
    """One walk, in the order of the text."""

    def __init__(self, budget: HtmlBudget, is_cut: bool) -> None:
        self.budget = budget
        self.is_cut = is_cut
        self.collected = Collector()
        self.names: list[str] = []
        """Of all start tags."""
        self.pieces: list[str] = []
        """Visible text."""
        self.sheet: Sheet = {}
        self.stack: list[tuple[str, str, State]] = [("", "", State(Look()))]
        """Open elements: name, attributes as written, state. The first stands for the body."""
        self.read: dict[str, Attributes] = {}
        """Attributes as written -> those read."""
        self.styles: dict[tuple[str, str], Style] = {}
        """Name and attributes of elements -> what is said of their look."""
        self.states: dict[Look, State] = {}
        self.inner: dict[tuple[State, str, str], State] = {}
        """State, name and attributes of an element within -> its state."""
        self.hidden: list[str] = []
        """Pieces of the hidden text that is being read."""
        self.hidden_why = ""
        self.hidden_at = 0
        """Pieces of visible text before its last piece."""

    def view(self) -> HtmlView:
        """What was found."""
        self._end_hidden()
        self.collected.end_link(self.pieces)
        tags = Counter(self.names)
        text = lines_of("".join(self.pieces))
        found = self.collected
        return HtmlView(
            text=text,
            title=found.title,
            hidden=tuple(found.hidden),
            links=found.all_links(),
            images=tuple(found.images),
            forms=found.all_forms(),
            tags=tags,
            traits=traits_of(tags, found),
            data_uris=tuple(found.data_uris),
            stylesheets=tuple(found.stylesheets),
            base=found.base,
            is_cut=self.is_cut or found.is_cut or self.budget.is_spent(),
        )

    def run(self, source: str) -> None:
        """Go through all tokens."""
        pieces, names, stack = self.pieces, self.names, self.stack
        kinds = KINDS if "<!doctype" in source[:HEAD_OF].lower() else QUIRKS
        cut = tokens(source)
        self._read_sheets([token[4] for token in cut if token[2] and token[2].lower() == "style"])
        for text, end, raw_name, raw_attributes, raw, name, attributes, comment in cut:
            if text:
                if "&" in text:
                    text = self._unescape(text)
                if not stack[-1][2].why:
                    pieces.append(text)
                elif not text.isspace():
                    self._hide(text)
            if name:
                name = name.lower()
                names.append(name)
                kind = kinds.get(name, 0)
                if kind & BREAK:
                    pieces.append(LINE)
                if not kind and not attributes:
                    self._push(name, "")
                else:
                    self._start(name, attributes, kind)
            elif end:
                end = end.lower()
                if kinds.get(end, 0) & BREAK:
                    pieces.append(LINE)
                if end == "a":
                    self.collected.end_link(pieces)
                if stack[-1][0] == end:
                    if len(stack) > 1:
                        stack.pop()
                else:
                    self._end(end)
            elif raw_name:
                self._raw(raw_name.lower(), raw_attributes, raw)
            elif comment:
                self.collected.comment(comment)

    def _start(self, name: str, attributes: str, kind: int) -> None:
        """A start tag that may mean something."""
        inner = self.stack[-1][0]
        if kind & ENDS_P and (inner == "p" or not KINDS.get(inner, 0) & SPECIAL):
            self._end_paragraph()
        if kind & ENDS and inner not in FITS.get(name, ()) and not self._end_others(name):
            return
        if kind & CELL:
            self.pieces.append(" ")
        if (kind & TELLING and (attributes or kind & FIELD)) or (
            kind & BACKGROUND and "background" in attributes
        ):
            if name == "a":
                self.collected.end_link(self.pieces)
            self.collected.start(name, self._attributes(attributes), len(self.pieces))
        if kind & ROOT:
            self._root(name, attributes)
        elif not kind & VOID:
            self._push(name, attributes)

    def _push(self, name: str, attributes: str) -> None:
        """Open an element."""
        stack = self.stack
        if len(stack) > MAX_DEPTH:
            self.is_cut = True
            return
        state = stack[-1][2]
        if state.why and stack[-1][0] in FOSTERED and name not in OF_TABLES:
            state = self._around_table()
        if attributes or self.sheet or name in UNSEEN_WITHIN:
            state = self._within(state, name, attributes)
        stack.append((name, attributes, state))

    def _around_table(self) -> State:
        """The state around the innermost table: what stands in it outside of cells is shown there.

        See HTML, 13.2.6.1, on foster parents.
        """
        at = len(self.stack) - 1
        while at > 1 and self.stack[at][0] != "table":
            at -= 1
        return self.stack[max(at - 1, 0)][2]

    def _within(self, state: State, name: str, attributes: str) -> State:
        """The state in an element."""
        key = (state, name, attributes)
        inner = self.inner.get(key)
        if inner is None:
            style = self._style(name, attributes)
            inner = state if style is NOTHING else self._state(state.look.within(style))
            self.inner[key] = inner
        return inner

    def _state(self, look: Look) -> State:
        """The one state of a look."""
        state = self.states.get(look)
        if state is None:
            state = self.states[look] = State(look)
        return state

    def _style(self, name: str, attributes: str) -> Style:
        """What is said of the look of an element."""
        style = self.styles.get((name, attributes))
        if style is not None:
            return style
        if name in UNSEEN_WITHIN:
            return Style(hidden="template")
        self.budget.styles -= 1
        if self.budget.styles < 0:
            return NOTHING
        style = NOTHING
        if name in self.sheet or _may_style(attributes.lower(), bool(self.sheet)):
            style = style_of(name, self._attributes(attributes), self.sheet)
        self.styles[name, attributes] = style
        return style

    def _read_sheets(self, contents: list[str]) -> None:
        """Read the style sheets, which hold for the whole document wherever they stand."""
        if contents:
            content = "\n".join(contents)
            self.collected.sheet(content[:MAX_SHEET])
            self.sheet = read_sheet(content[:MAX_SHEET])
            self.is_cut |= len(content) > MAX_SHEET or len(self.sheet) >= MAX_RULES

    def _root(self, name: str, attributes: str) -> None:
        """A tag of the body changes what holds for all that follows in it."""
        if name != "body" or self.stack[0][0]:
            return
        state = self._within(self.stack[0][2], name, attributes)
        self.stack[0] = ("body", attributes, state)

    def _end(self, name: str) -> None:
        """An end tag of an element that is not the innermost one."""
        kind = KINDS.get(name, 0)
        if kind & (ROOT | VOID) or self.budget.repairs < 0:
            return
        stops = STOPS.get(name)
        until = SCOPE if kind & (SPECIAL | FORMATTING) else SPECIAL
        at = len(self.stack) - 1
        is_crossed = False
        while at > 0 and self.stack[at][0] != name:
            other = KINDS.get(self.stack[at][0], 0)
            if self.stack[at][0] in stops if stops else other & until:
                return
            is_crossed = is_crossed or bool(other & SPECIAL)
            at -= 1
            self.budget.repairs -= 1
        if at > 0:
            self._close(at, keep_all=is_crossed and bool(kind & FORMATTING))

    def _end_paragraph(self) -> None:
        """A block begins: no paragraph goes on around it."""
        at = len(self.stack) - 1 if self.budget.repairs > 0 else 0
        while at > 0 and not KINDS.get(self.stack[at][0], 0) & SPECIAL:
            at -= 1
            self.budget.repairs -= 1
        if at > 0 and self.stack[at][0] == "p":
            self._close(at)

    def _end_others(self, name: str) -> bool:
        """An element begins that cannot be in some others; it does not if it needs a table."""
        ended, within = ENDED_BY[name]
        lowest = 0
        at = len(self.stack) - 1 if self.budget.repairs > 0 else 0
        while at > 0 and (other := self.stack[at][0]) not in within:
            if other in ended:
                lowest = at
            at -= 1
            self.budget.repairs -= 1
        if at == 0 and name in OF_TABLES and self.budget.repairs > 0:
            return False
        if lowest:
            self._close(lowest)
        return True

    def _close(self, at: int, keep_all: bool = False) -> None:
        """End an open element; formatting that was opened in it goes on, but not out of cells.

        With `keep_all` all in it stays open: the end tag crossed a block.
        """
        name = self.stack[at][0]
        above = self.stack[at + 1 :]
        del self.stack[at:]
        if not above or KINDS.get(name, 0) & SCOPE or name == "tr":
            return
        for inner, attributes, _ in above:
            self.budget.repairs -= 1
            if self.budget.repairs > 0 and (keep_all or KINDS.get(inner, 0) & FORMATTING):
                self._push(inner, attributes)

    def _raw(self, name: str, attributes: str, content: str) -> None:
        """An element whose content is text alone."""
        self.names.append(name)
        if name == "title":
            self.collected.title = self.collected.title or " ".join(self._unescape(content).split())
        elif name == "iframe":
            self.collected.start(name, self._attributes(attributes), len(self.pieces))
        elif name in ("textarea", "xmp") and content:
            text = self._unescape(content) if name == "textarea" else content
            state = self._within(self.stack[-1][2], name, attributes)
            if not state.why:
                self.pieces += (LINE, text, LINE)
            elif not text.isspace():
                self.collected.hide(Hidden(" ".join(text.split()), state.why))

    def _unescape(self, text: str) -> str:
        """Text with its character references read."""
        self.budget.references -= text.count("&") - text.count("&nbsp;")
        return read_text(text) if self.budget.references >= 0 else text

    def _attributes(self, text: str) -> Attributes:
        """Attributes by their names in lower case."""
        found = self.read.get(text)
        if found is not None:
            return found
        budget = self.budget
        if "&" in text:
            budget.references -= text.count("&")
        found = NO_ATTRIBUTES
        if budget.attributes > 0 and budget.references >= 0:
            found = read_attributes(text)
        budget.attributes -= len(found) or 1
        self.read[text] = found
        return found

    def _hide(self, text: str) -> None:
        """Keep hidden text; that of several elements is one if nothing visible is between."""
        name, _, state = self.stack[-1]
        if name in FOSTERED and not (state := self._around_table()).why:
            self.pieces += (LINE, text, LINE)
            return
        why = state.why
        seen = len(self.pieces)
        if why != self.hidden_why or (seen != self.hidden_at and self._is_seen(self.hidden_at)):
            self._end_hidden()
            self.hidden_why = why
        self.hidden_at = seen
        self.hidden.append(text)

    def _is_seen(self, start: int) -> bool:
        """Whether there is visible text since a piece."""
        return not "".join(self.pieces[start:]).isspace()

    def _end_hidden(self) -> None:
        if self.hidden:
            self.collected.hide(Hidden(" ".join(" ".join(self.hidden).split()), self.hidden_why))
            self.hidden.clear()


def _may_style(attributes: str, has_sheet: bool) -> bool:
    """Whether attributes, in lower case, may say something of an element's look."""
    return (
        "style" in attributes
        or "color" in attributes
        or "background" in attributes
        or "hidden" in attributes
        or "text" in attributes
        or (has_sheet and ("class" in attributes or "id" in attributes))
    )


def lines_of(text: str) -> str:
    """Text with one blank for white space, and no empty lines."""
    lines = [" ".join(line.split()) for line in text.split(LINE)]
    return "\n".join(filter(None, lines))
