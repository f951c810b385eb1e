"""Ctrl-C and SIGTERM: both stop the program, at any moment but two.

Within an import an interrupt may be ignored, and leaves locks behind that nobody frees, for which
the next import waits for ever; within a destructor Python ignores whatever is raised. So it comes
again a moment later, until it finds the program elsewhere.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_IMPORTING, _DESTRUCTOR = "<frozen importlib._bootstrap>", "__del__"
_SOON = 0.01
"""Seconds."""


def heed() -> None:
    """Raise KeyboardInterrupt when one comes; where ctrl-C is ignored it stays so."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGTERM))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(_: int, frame: FrameType | None) -> None:
    while frame:
        if frame.f_code.co_filename == _IMPORTING or frame.f_code.co_name == _DESTRUCTOR:
            signal.setitimer(signal.ITIMER_REAL, _SOON)
            return
        frame = frame.f_back
    raise KeyboardInterrupt
