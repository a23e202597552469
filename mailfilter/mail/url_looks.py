"""What a name pretends to be: letters of other scripts that look like Latin ones.

Every script has letters that a reader takes for another's. A label of one script is a name; a label
of two, or one made of nothing but such letters, is meant to be misread (UTS #39).
"""

from .scripts import script_of

LATIN = "Latin"

_WRITTEN_TOGETHER = frozenset(
    {LATIN, "Han", "Hiragana", "Katakana", "Katakana-hiragana", "Hangul", "Bopomofo"}
)
"""Scripts that names of East Asia mix, Latin included."""

_MISREAD = {
    "Cyrillic": frozenset("асԁеһіјӏорԛѕԝхуѵүԍьпг"),
    "Greek": frozenset("αγικνορτυχω"),
    "Armenian": frozenset("օոսհզցյ"),
}
"""Small letters that are read as Latin ones."""

MIN_MISREAD = 3
"""Letters of the shortest label that is a look-alike all by itself."""

NOTHING: frozenset[str] = frozenset()


def scripts_of(word: str) -> frozenset[str]:
    """The scripts of a word's letters."""
    return frozenset([script for letter in set(word) if (script := script_of(letter))])


def is_mixed(word: str) -> bool:
    """Tell whether the letters of a word are of scripts that nobody writes together."""
    scripts = scripts_of(word)
    return len(scripts) > 1 and not scripts <= _WRITTEN_TOGETHER


def looks_of(name: str) -> frozenset[str]:
    """What the labels of a name in Unicode look like: `mixed`, `homograph`, both, or nothing.

    `mixed`: a label has letters of scripts that nobody writes together. `homograph`: a label has
    Latin letters beside some that are read as such, or no others than those, below a suffix in
    Latin letters; or letters of phonetic alphabets, which look like Latin ones.
    """
    if name.isascii():
        return NOTHING
    found = set()
    is_latin_suffix = name.rpartition(".")[2].isascii()
    for label in name.split("."):
        if label.isascii():
            continue
        scripts = scripts_of(label)
        if is_mixed(label):
            found.add("mixed")
        if _is_misread(label, scripts, is_latin_suffix) or _is_phonetic(label):
            found.add("homograph")
    return frozenset(found)


def _is_misread(label: str, scripts: frozenset[str], is_latin_suffix: bool) -> bool:
    letters = {letter for letter in label if letter.isalpha()}
    others = scripts - {LATIN}
    for script in others:
        misread = _MISREAD.get(script, NOTHING)
        if LATIN in scripts and letters & misread:
            return True
        if len(others) == len(scripts) == 1 and is_latin_suffix:
            return len(letters) >= MIN_MISREAD and letters <= misread
    return False


def _is_phonetic(label: str) -> bool:
    """Letters of the International Phonetic Alphabet and small capitals, which no name has."""
    return any("\u0250" <= letter <= "\u02af" or "\u1d00" <= letter <= "\u1d7f" for letter in label)
