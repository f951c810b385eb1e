"""The shapes an export can have: templates of one hit, with places such as ``<contract>``.

The places are ``contract``, ``mac``, ``seconds``, ``type``, ``id``, and ``app``, which is the whole
member with its comma, since it may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = '{"Contract":"<contract>","Mac":"<mac>","TotalDuration":<seconds><app>}'
"""The source object of a hit."""

_HIT = '{"_index":"history","_type":"<type>","_score":0,"_source":' + SOURCE + ',"_id":"<id>"}'
_ID_FIRST = '{"_index":"history","_type":"<type>","_id":"<id>","_score":0,"_source":' + SOURCE + "}"
_ACTION = '{"index":{"_index":"history","_type":"<type>","_id":"<id>"}}'
_RESPONSE = (
    '{"took":12,"timed_out":false,"_shards":{"total":5,"successful":5,"skipped":0,"failed":0},'
    '"hits":{"total":{"value":10000,"relation":"gte"},"max_score":0,"hits":['
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How hits are laid out in a file.

    Attributes:
        record: The template of one hit; the hit itself stands on its last line.
        separator: What stands between two hits.
        head: What stands before the first hit of a page.
        tail: What stands after the last hit of a page.
        paged: Whether a file is many pages, not one.
        spaced: Whether colons and commas are followed by a space.
    """

    record: str
    separator: str = "\n"
    head: str = ""
    tail: str = "\n"
    paged: bool = False
    spaced: bool = False

    def spell(self, text: str) -> str:
        """Return compact JSON spaced as this shape spaces it."""
        return text.replace(":", ": ").replace(",", ", ") if self.spaced else text

    @property
    def one_hit_a_line(self) -> bool:
        """Whether a hit that is not JSON spoils only its own line."""
        return self.separator == self.tail == "\n"


SHAPES = {
    "hits": Shape(_HIT),
    "id-first": Shape(_ID_FIRST),
    "no-type": Shape(_HIT.replace('"_type":"<type>",', "")),
    "spaced": Shape(_HIT, spaced=True),
    "source": Shape(SOURCE),
    "bulk": Shape(f"{_ACTION}\n{SOURCE}"),
    "search": Shape(_HIT, ",", _RESPONSE, "]}}\n", paged=True),
    "array": Shape(_HIT, ",\n", "[\n", "\n]\n"),
}
"""Every shape by its name: the two key orders, servers that leave ``_type`` out, and the others."""
