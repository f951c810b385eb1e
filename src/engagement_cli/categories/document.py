"""YAML text as nodes that know their line; what no table needs is refused, each by its line.

The nodes are made from the parser's events, one at a time and to a bounded depth, so that neither
an alias bomb nor deep nesting is ever built, and no tag ever makes an object.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from engagement_cli.categories.table import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1_000_000
"""Size of the largest table read, in bytes: some 50,000 apps."""
MAX_DEPTH = 16
"""Levels of nesting; a table has five."""
_LARGEST = 2**63
_LONGEST = 40
_SHOWN = 60
_UNREADABLE = object()

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # YAML 1.1, section 5.1
)
_STANDARD = "tag:yaml.org,2002:"
_TEXT = _STANDARD + "str"
_SCALARS = {_STANDARD + name for name in ("str", "int", "float", "bool", "null")}
_OTHER_SCALARS = {
    _STANDARD + "timestamp": "a date",
    _STANDARD + "merge": "a merge of mappings",
    _STANDARD + "value": "a default value",
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: the text as written, and what YAML takes it for."""

    line: int
    text: str
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys, all different, and their nodes, in the order of the text."""

    line: int
    entries: tuple[tuple[Scalar, Node], ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A place whose fault is already told."""

    line: int


Node = Scalar | Sequence | Mapping | Refused


def compose(data: bytes) -> tuple[Node | None, list[Fault]]:
    """The one document of a YAML file, and what is wrong with it as YAML.

    Returns:
        The root, or None when there is none or it could not be read to its end; and the faults.
    """
    if len(data) > MAX_BYTES:
        return None, [Fault(1, f"larger than {MAX_BYTES:,} bytes: no category table is")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [Fault(line, "not UTF-8: save the file as UTF-8")]
    if faults := list(_unprintable(text)):
        return None, faults
    composer = _Composer(text)
    try:
        return composer.document(), composer.faults
    except yaml.MarkedYAMLError as error:
        return None, [*composer.faults, _syntax(error, text)]
    except _TooDeepError as error:
        return None, [*composer.faults, _too_deep(error.line)]


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


class _Composer:
    """Nodes from events, and the faults met on the way."""

    def __init__(self, text: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # wheels have C, some builds do not
        self._events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self._resolver: Any = yaml.resolver.Resolver()  # untyped in its stubs
        self._constructor = yaml.constructor.SafeConstructor()
        self.faults: list[Fault] = []

    def document(self) -> Node | None:
        root = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._fault(event, "a second document begins here: keep one to a file")
                    return root
                root = self._node(next(self._events), 0)
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise _TooDeepError(line)
        if isinstance(event, yaml.AliasEvent):
            return self._refuse(event, _reference(f"*{event.anchor}", "an alias"))
        if event.anchor:
            self._fault(event, _reference(f"&{event.anchor}", "an anchor"))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            node: Node = Sequence(line, tuple(self._items(depth)))
            usual = "seq"
        else:
            node = Mapping(line, tuple(self._entries(depth)))
            usual = "map"
        if event.tag in (None, "!", _STANDARD + usual):
            return node
        return self._refuse(event, _foreign(event.tag))

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        first: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if isinstance(key, Sequence | Mapping):
                self._fault(event, "a key must be a name; quote one that starts with [ or {")
            elif isinstance(key, Scalar) and key.text in first:
                line = first[key.text]
                self._fault(
                    event, f"key {show(key.text)} stands twice, first on line {line}: keep one"
                )
            elif isinstance(key, Scalar):
                first[key.text] = key.line
                yield key, value

    def _scalar(self, event: Any) -> Node:
        text: str = event.value
        tag = event.tag
        if tag in (None, "!"):
            tag = self._resolver.resolve(yaml.ScalarNode, text, event.implicit)
        if tag in _OTHER_SCALARS and event.tag is None:
            return self._refuse(event, _reference(text, _OTHER_SCALARS[tag]))
        if tag not in _SCALARS:
            return self._refuse(event, _foreign(tag))
        value = text if tag == _TEXT else self._plain(tag, text)
        if value is _UNREADABLE:
            kind = tag.removeprefix(_STANDARD)
            return self._refuse(event, f"{bare(text)} is no usable {kind}: {quote(text)}")
        return Scalar(event.start_mark.line + 1, text, value)

    def _plain(self, tag: str, text: str) -> Any:
        """A number, a truth value or None."""
        if len(text) > _LONGEST:  # long numbers take quadratic time to read
            return _UNREADABLE
        try:
            value = self._constructor.construct_object(yaml.ScalarNode(tag, text))
        except (ValueError, KeyError, IndexError):  # 0b_, !!int abc, !!bool abc, !!int ''
            return _UNREADABLE
        counts = value is None or abs(value) < _LARGEST  # which a NaN is not
        return value if counts else _UNREADABLE

    def _refuse(self, event: Any, message: str) -> Refused:
        self._fault(event, message)
        return Refused(event.start_mark.line + 1)

    def _fault(self, event: Any, message: str) -> None:
        self.faults.append(Fault(event.start_mark.line + 1, message))


def show(text: str) -> str:
    """A text as messages quote it: the start of a long one, and nothing invisible."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def bare(text: str) -> str:
    """A text as ``show`` does, without the quotes that the YAML lacks, too."""
    return show(text)[1:-1]


def quote(text: str) -> str:
    """What to do with a name that YAML takes for something else."""
    return f"quote it, {show(text)}, if it is a name"


def _reference(text: str, kind: str) -> str:
    return f"{bare(text)} is {kind} to YAML, and a table has none: {quote(text)}"


def _foreign(tag: str) -> str:
    shown = "!!" + tag.removeprefix(_STANDARD) if tag.startswith(_STANDARD) else tag
    return f"the tag {show(shown)} has no place in a table: remove it"


def _unprintable(text: str) -> Iterator[Fault]:
    for number, line in enumerate(text.split("\n"), 1):
        if found := _UNPRINTABLE.search(line):
            yield Fault(number, f"holds the control character U+{ord(found[0]):04X}: remove it")


def _too_deep(line: int) -> Fault:
    return Fault(line, f"nested deeper than {MAX_DEPTH} levels: no table is")


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    if mark and "nesting depth" in str(error.problem):  # a limit of libyaml, which looks ahead
        return _too_deep(mark.line + 1)
    read = text.splitlines()[: mark.line + 1 if mark else 1]
    if "\t" in read[-1][: len(read[-1]) - len(read[-1].lstrip())]:
        return Fault(len(read), "indented with a tab: YAML wants spaces")
    begun = error.context_mark
    nbsp = next((place for place, line in enumerate(read, 1) if "\xa0" in line), None)
    if nbsp:
        hint = f"; line {nbsp} holds a no-break space (U+00A0), which is no space to YAML"
    elif error.context and begun and begun.line + 1 < len(read):
        hint = f", {error.context} that begins on line {begun.line + 1}"
    else:
        hint = "; quote a name that holds a colon or begins with one of * & ! @ % `"
    return Fault(len(read), f"not YAML: {error.problem}{hint}")
