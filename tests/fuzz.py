"""A fuzzer, guided by coverage, that looks for a text on which two readers differ.

    python tests/fuzz.py --seconds 60

It needs atheris. A text that the shape reader, the strict one and the rules alone do not read alike
is saved in the folder of ``--save``, and the exit status is not 0; ``python tests/fuzz.py FILE``
reads it again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(
    include=["engagement_cli.parse", "engagement_cli.sources", "engagement_cli.kernel.shapes"]
):
    import engagement_cli.parse.matched  # noqa: F401 - the readers load it when they need it
    import readers
    from encode import COMPRESSIONS
    from engagement_cli.kernel.shapes import KnownShapes
    from engagement_cli.parse.formats import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from encode import Packer
    from engagement_cli.parse.formats import Shape
    from engagement_cli.parse.rules import Fields

HEAD_BYTES = 4
"""A text stands behind so many bytes that say how it is read."""
MOST_BYTES = 16 * 1024
BLOCK_SIZES = [7, 64, 300, 1000, readers.WHOLE]
PACKERS = [*[COMPRESSIONS["plain"]] * 9, *COMPRESSIONS.values()]


class Differ:
    """Reads texts in every way and counts them."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "text.json"
        self._taught = KnownShapes()
        for shape in SHAPES:
            records = [readers.ordinary(shape, n, n // 10) for n in range(120)]
            self._path.write_bytes(readers.text_of(shape, records))
            readers.read([self._path], self._taught, shape=shape)
        self.tried = self.lines = self.matched = 0

    def __call__(self, data: bytes) -> None:
        """Read the text in every way.

        Raises:
            AssertionError: Two ways differ.
        """
        shape, block_size, fields, pack = how(data)
        self._path.write_bytes(pack(data[HEAD_BYTES:]))
        known = KnownShapes()
        known._of |= self._taught._of
        read = partial(readers.read, [self._path] * 2, shape=shape, fields=fields)
        by_shape = read(known, block_size=block_size)
        strictly = read(block_size=block_size)
        self.tried += 1
        if isinstance(by_shape, readers.Result):
            self.lines += by_shape.tally.lines
            self.matched += by_shape.tally.shape_matched
        assert readers.alike(by_shape, strictly), f"{by_shape}\n{strictly}"
        by_rules = read(by_rules=True)
        assert readers.alike(strictly, by_rules), f"{strictly}\n{by_rules}"


def how(data: bytes) -> tuple[Shape, int, Fields, Packer]:
    """The way to read a text that its first bytes say."""
    shape, size, fields, packer = data[:HEAD_BYTES].ljust(HEAD_BYTES, b"\0")
    return (
        SHAPES[shape % len(SHAPES)],
        BLOCK_SIZES[size % len(BLOCK_SIZES)],
        readers.FIELDS[fields % len(readers.FIELDS)],
        PACKERS[packer % len(PACKERS)],
    )


def seeds() -> Iterator[bytes]:
    """Texts of every shape, ordinary and odd."""
    random = Random(0)
    for number in range(100):
        shape = number % len(SHAPES)
        head = bytes([shape, *random.randbytes(HEAD_BYTES - 1)])
        yield head + readers.made(SHAPES[shape], random)


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Change a text as a text of lines, or as bytes."""
    random = Random(seed)
    if random.random() < 0.4:
        return bytes(atheris.Mutate(data, most))
    head, lines = data[:HEAD_BYTES], data[HEAD_BYTES:].split(b"\n")
    at = random.randrange(len(lines))
    match random.randrange(5):
        case 0:
            lines.insert(at, random.choice(lines))
        case 1:
            del lines[at]
        case 2:
            head = random.randbytes(HEAD_BYTES)
        case _:
            lines[at] = readers.mutated(lines[at], random)
    return (head + b"\n".join(lines))[:most]


def main() -> None:
    """Fuzz for a while, or read one text again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="?", type=Path, help="a saved text, to be read once")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--save", type=Path, default=Path("fuzz-failures"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        differ = Differ(Path(folder))
        if options.text:
            differ(options.text.read_bytes())
            return
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(seeds()):
            (corpus / str(number)).write_bytes(seed)
        end = time.monotonic() + options.seconds

        def take(data: bytes) -> None:
            differ(data)
            if time.monotonic() > end:
                by_shape = f"{100 * differ.matched / max(differ.lines, 1):.0f} % of lines by shape"
                sys.stderr.write(f"{differ.tried} inputs read alike, {by_shape}\n")
                shutil.rmtree(folder)
                os._exit(0)  # libFuzzer gives control back in no other way

        options.save.mkdir(exist_ok=True)
        flags = [f"-max_len={MOST_BYTES}", f"-artifact_prefix={options.save}/", "-rss_limit_mb=0"]
        atheris.Setup([sys.argv[0], *flags, str(corpus)], take, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
