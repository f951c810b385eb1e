"""Where results go. Each format is one module; this one tells the format from the target."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from gzip import GzipFile
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any

from engagement_cli.errors import UsageError
from engagement_cli.files import STDOUT, replacing
from engagement_cli.secret import masked
from engagement_cli.sources.zstd import ZstdFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd
    import pyarrow as pa

    from engagement_cli.sinks.writer import Writer

_FORMATS = (".csv", ".parquet", ".jsonl")
_COMPRESSIONS = (".gz", ".zst")
_GZIP_LEVEL = 6


class FileSink:
    """A file, or standard output as CSV, that a result can be written to, whole or not at all."""

    def __init__(self, target: str, *, csv_safe: bool = False) -> None:
        """Tell the format by the target's name.

        Raises:
            UsageError: The name tells no format.
        """
        self.target = target
        self._csv_safe = csv_safe
        name = "out.csv" if target == STDOUT or target.startswith("/dev/") else target.lower()
        self._compression = next((end for end in _COMPRESSIONS if name.endswith(end)), "")
        stem = name.removesuffix(self._compression)
        self._format = next((end for end in _FORMATS if stem.endswith(end)), None)
        if self._format is None or (self._compression and self._format == ".parquet"):
            raise UsageError(
                f"{masked(target)}: not a kind of output. "
                "Name it .csv, .csv.gz, .csv.zst, .parquet or .jsonl, or - for CSV on stdout."
            )

    def __str__(self) -> str:
        return masked(self.target)

    @property
    def files(self) -> list[str]:
        """The files that are written, or standard output."""
        return [self.target]

    def plan(self, frame: pd.DataFrame, account: Mapping[str, object]) -> str:  # noqa: ARG002 - as tables
        """What would be written, as text."""
        return f"would write {self}: {', '.join(frame.columns)}"

    @property
    def is_csv(self) -> bool:
        """Whether a spreadsheet may open what is written."""
        return self._format == ".csv"

    @property
    def takes_tables(self) -> bool:
        """Whether a result can be written as Arrow has it, without pandas."""
        return self.is_csv and not self._csv_safe

    def write(
        self,
        frame: pd.DataFrame | pa.Table,
        account: Mapping[str, object],
        progress: Callable[[int], None] | None = None,  # noqa: ARG002 - as tables
    ) -> list[str]:
        """Put a result in the place of what stood there.

        Args:
            frame: The result; as a table where the format takes one.
            account: The account of the run, kept beside the result where the format can.
            progress: Not told: a file is written at once.

        Returns:
            What is worth telling, a sentence each.

        Raises:
            OutputError: It cannot be written; what stood there still stands.
        """
        with self.writing() as writer:
            writer.write(frame)
            writer.finish(account)
        return [str(self)]

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """A writer of frames, one behind another, in the place of what stood there.

        What it wrote is put in place when the block ends without an error.

        Raises:
            OutputError: It cannot be written; what stood there still stands.
        """
        with replacing(self.target) as file, self._compressed(file) as stream:
            yield self._writer()(stream)

    def _writer(self) -> type[Writer]:
        """What writes the format: a class of a module of its name, imported when it is needed."""
        assert self._format is not None
        module = import_module(f"{__name__}{self._format}")
        is_harmless = self._csv_safe and self.is_csv
        writer: type[Writer] = module.Harmless if is_harmless else module.Writer
        return writer

    def _compressed(self, file: IO[bytes]) -> AbstractContextManager[Any]:
        """A stream into the file; a gzip header holds no name and no time, to be the same again."""
        if self._compression == ".gz":
            return GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0)
        if self._compression == ".zst":
            return ZstdFile(file, "wb")
        return nullcontext(file)


def write_text(target: str, text: str) -> None:
    """Put a text in the place of what stood there.

    Raises:
        OutputError: It cannot be written; what stood there still stands.
    """
    with replacing(target) as file:
        file.write(text.encode())
