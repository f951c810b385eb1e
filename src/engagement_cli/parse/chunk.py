"""What a reader makes of a block: rows for its valid lines, and an account of the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from engagement_cli.contracts import LONG, Contracts
from engagement_cli.kernel.layout import TAG_SHIFT, Row, rows_of
from engagement_cli.schema import APP_NAME, CONTRACT, DAY_SECONDS, HIT_ID, MAC, SECONDS
from engagement_cli.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from engagement_cli.kernel.layout import Words
    from engagement_cli.parse.rules import Reject
    from engagement_cli.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """The n valid lines of a block, in their order.

    Attributes:
        rows: uint64, shape (n, 4), as ``kernel.layout.Row`` says: packed contract, code of the app
            with a count of one line, seconds.
        vocabulary: The names that the rows refer to by number.
        tally: What became of every line of the block.
        rejects: The rejected lines, in their order.
        macs: The ``Mac`` of each line, if asked for; empty where it has none.
        hit_ids: The ``_id`` of each line as Arrow strings, if asked for; null where it has none.
        source_lines: How many lines of the source the block is, where a pair of them counts as one.
    """

    rows: Words
    vocabulary: Vocabulary
    tally: Tally
    rejects: tuple[Reject, ...] = ()
    macs: Contracts | None = None
    hit_ids: pa.Array | None = None
    source_lines: int | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of_columns(
        cls,
        contracts: Sequence[str],
        apps: Sequence[str | None],
        seconds: Sequence[int],
        *,
        vocabulary: Vocabulary,
        tally: Tally,
        rejects: Sequence[Reject] = (),
        macs: Sequence[str | None] | None = None,
        hit_ids: Sequence[str | None] | None = None,
    ) -> Chunk:
        """The chunk of these n lines; ``tally`` brings its lines, blanks and rejects."""
        packed = Contracts.pack(contracts).numbered(vocabulary.contracts.code)
        code = vocabulary.apps.code
        codes = np.fromiter((code(name or "") for name in apps), np.int64, len(apps))
        duration = np.array(seconds, np.int64)
        over_day = int((duration > DAY_SECONDS).sum())
        return cls(
            rows_of(packed.hi, packed.lo, codes, duration),
            vocabulary,
            tally + Tally(valid=len(duration), over_day=over_day),
            tuple(rejects),
            None if macs is None else Contracts.pack([mac or "" for mac in macs]),
            None if hit_ids is None else _strings(hit_ids),
        )

    def with_inserted(self, other: Chunk, before: NDArray[np.int64]) -> Chunk:
        """The lines of both; ``before``, (m,), ascending: how many of these go before each."""
        macs = hit_ids = None
        if self.macs is not None and other.macs is not None:
            hi = np.concatenate(_spliced(self.macs.hi, other.macs.hi, before))
            lo = np.concatenate(_spliced(self.macs.lo, other.macs.lo, before))
            macs = Contracts(hi, lo, other.macs.long)
        if self.hit_ids is not None and other.hit_ids is not None:
            import pyarrow as pa  # noqa: PLC0415 - reading begins without

            hit_ids = pa.concat_arrays(_spliced(self.hit_ids, other.hit_ids, before))
        return Chunk(
            np.concatenate(_spliced(self.rows, other.rows, before)),
            self.vocabulary,
            self.tally + other.tally,
            other.rejects,
            macs,
            hit_ids,
        )

    def with_hit_ids(self, hit_ids: Sequence[str | None]) -> Chunk:
        """The same lines with their ``_id``, of which there is one for each line of the block.

        The rejects still tell their line in the block, and no line of it is blank.
        """
        rejected = {reject.line for reject in self.rejects}
        valid = [name for line, name in enumerate(hit_ids, start=1) if line not in rejected]
        return replace(self, hit_ids=_strings(valid))

    def without(self, repeated: NDArray[np.bool_]) -> Chunk:
        """The lines that do not repeat others; ``repeated``, shape (n,), says which do."""
        kept = ~repeated
        dropped = int(repeated.sum())
        over_day = int((self.seconds[repeated] > DAY_SECONDS).sum())
        return replace(
            self,
            rows=self.rows[kept],
            tally=self.tally + Tally(valid=-dropped, repeated=dropped, over_day=-over_day),
            macs=None if self.macs is None else self.macs.take(kept),
            hit_ids=None if self.hit_ids is None else self.hit_ids.filter(kept),
        )

    @property
    def height(self) -> int:
        """How many lines of the source the block is."""
        return self.tally.lines if self.source_lines is None else self.source_lines

    @property
    def contracts(self) -> Contracts:
        """The contract of each line."""
        hi = self.rows[:, Row.HI]
        long = self.vocabulary.contracts.all() if (hi == LONG).any() else ()
        return Contracts(hi, self.rows[:, Row.LO], long)

    @property
    def app(self) -> NDArray[np.int64]:
        """int64, shape (n,): the code of each line's app in ``vocabulary.apps``."""
        return (self.rows[:, Row.TAG] >> np.uint64(TAG_SHIFT)).view(np.int64)

    @property
    def seconds(self) -> NDArray[np.int64]:
        """int64, shape (n,): seconds of each line."""
        return self.rows[:, Row.SECONDS].view(np.int64)

    def frame(self) -> pd.DataFrame:
        """One row a valid line: Contract, AppName (str), TotalDuration (int64 seconds).

        With the columns that were asked for behind them: Mac, _id (str, missing where null).
        """
        import pyarrow as pa  # noqa: PLC0415 - reading begins without

        apps = pa.array(self.vocabulary.apps.all(), pa.large_string())
        columns = {
            CONTRACT: self.contracts.strings(),
            APP_NAME: apps.take(pa.array(self.app)),
            SECONDS: pa.array(self.seconds),
        }
        if self.macs is not None:
            columns[MAC] = self.macs.strings()
        if self.hit_ids is not None:
            columns[HIT_ID] = self.hit_ids
        frame: pd.DataFrame = pa.table(columns).to_pandas()
        return frame


def _strings(values: Sequence[str | None]) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415 - reading begins without

    return pa.array(values, pa.string())


def _spliced(own: Any, others: Any, before: NDArray[np.int64]) -> list[Any]:
    """Stretches of two columns in turns, their own first: ``before`` as in ``with_inserted``."""
    begins = np.flatnonzero(np.diff(before, prepend=-1)).tolist()
    pieces, done = [], 0
    for begin, end in pairwise([*begins, len(before)]):
        pieces += [own[done : before[begin]], others[begin:end]]
        done = before[begin]
    return [*pieces, own[done:]]
