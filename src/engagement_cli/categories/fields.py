"""Values of the kinds a table has, read from nodes; what is of another kind becomes a fault."""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from engagement_cli.categories.document import (
    Mapping,
    Node,
    Refused,
    Scalar,
    Sequence,
    bare,
    quote,
    show,
)
from engagement_cli.categories.table import Fault, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence as Names

_JOINERS = "\u200c\u200d"  # invisible, and part of the spelling in some scripts


class Fields:
    """Reads values, and collects the faults met on the way.

    ``where`` names the place in messages. A method that returns None, or leaves an entry out, has
    told a fault, unless the composer had told it before.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, line: int, message: str) -> None:
        """Takes down one fault."""
        self.faults.append(Fault(line, message))

    def parts(self, node: Node, where: str, known: Names[str]) -> dict[str, Node] | None:
        """The values of a mapping by key, without the keys that nobody knows."""
        if isinstance(node, Mapping):
            found: dict[str, Node] = {}
            for key, value in node.entries:
                if key.text in known:
                    found[key.text] = value
                elif meant := self._meant(key, where, known):
                    found.setdefault(meant, value)  # read on, to find what else is wrong
            return found
        if not isinstance(node, Refused):
            self.fault(node.line, f"{where} must be a mapping with the keys {', '.join(known)}")
        return None

    def name(self, node: Node, where: str) -> str | None:
        """A text, which may be empty when it is quoted."""
        match node:
            case Scalar(value=str() as value):
                return value
            case Scalar(text="", value=None):
                self.fault(node.line, f"{where} is empty: write a name")
            case Scalar(text=text, value=value):
                taken = {bool: "a truth value", type(None): "nothing"}.get(type(value), "a number")
                self.fault(node.line, f"{where}: {bare(text)} is {taken} to YAML: {quote(text)}")
            case Sequence():
                self.fault(node.line, f"{where} must be one name, not a list")
            case Mapping():
                self.fault(node.line, f"{where} must be a name; quote one that holds a colon")
        return None

    def title(self, node: Node, where: str) -> str | None:
        """A text that people read: not empty, and nothing in it that does not show."""
        text = self.name(node, where)
        if text is None:
            return None
        hidden = next((c for c in text if not c.isprintable() and c not in _JOINERS), None)
        if hidden is not None:
            named = unicodedata.name(hidden, "control character")
            what = f"{show(text)} holds U+{ord(hidden):04X} ({named}), which does not show"
            self.fault(node.line, f"{where}: {what}: remove it")
        elif not text.strip(" " + _JOINERS):
            self.fault(node.line, f"{where} is empty: write a name")
        elif text != text.strip():
            self.fault(node.line, f"{where}: {show(text)} has white space around it: remove it")
        else:
            return text
        return None

    def names(self, node: Node, where: str) -> list[tuple[int, str]]:
        """The texts of a list, each with its line."""
        if isinstance(node, Sequence):
            read = ((item.line, self.name(item, f"an entry of {where}")) for item in node.items)
            return [(line, name) for line, name in read if name is not None]
        if isinstance(node, Scalar) and node.text:
            self.fault(node.line, f"{where} must be a list: write [{show(node.text)}]")
        elif not isinstance(node, Refused):
            self.fault(node.line, f"{where} must be a list: write [NAME, NAME]")
        return []

    def choice(self, node: Node, where: str, allowed: Names[str]) -> str | None:
        """One of the allowed words."""
        word = self.name(node, where)
        if word is None or word in allowed:
            return word
        self.fault(node.line, f"{where} must be {' or '.join(allowed)}, not {show(word)}")
        return None

    def truth(self, node: Node, where: str) -> bool | None:
        """A truth value."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        if not isinstance(node, Refused):
            self.fault(node.line, f"{where} must be true or false, without quotes")
        return None

    def settings(self, node: Node, where: str) -> Settings | None:
        """A mapping, taken as it is."""
        if isinstance(node, Mapping):
            lines: dict[tuple[str | int, ...], int] = {}
            return Settings(_plain(node, (), lines), lines)
        if not isinstance(node, Refused):
            self.fault(node.line, f"{where} must be a mapping")
        return None

    def _meant(self, key: Scalar, where: str, known: Names[str]) -> str | None:
        near = get_close_matches(key.text.strip().lower(), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it knows {', '.join(known)}"
        self.fault(key.line, f"{where} does not know the key {show(key.text)}: {hint}")
        return near[0] if near else None


def _plain(node: Node, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> Any:
    """A node without its lines, which go into ``lines`` by path."""
    match node:
        case Mapping(entries=entries):
            lines.update({(*path, key.text): key.line for key, _ in entries})
            return {key.text: _plain(value, (*path, key.text), lines) for key, value in entries}
        case Sequence(items=items):
            lines.update({(*path, place): item.line for place, item in enumerate(items)})
            return [_plain(item, (*path, place), lines) for place, item in enumerate(items)]
        case Scalar(value=value):
            return value
        case Refused():
            return None
