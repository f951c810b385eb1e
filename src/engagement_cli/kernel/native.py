"""Machine code of the loops: compiled once, kept in a file, loaded without Numba ever after.

Importing Numba and letting it find its own cache costs 0.4 s in every process; importing llvmlite
and loading an object file, 0.06 s. The file's name holds a hash of all that its content depends on.
A process of its own compiles, so that the memory which that takes is given back.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import llvmlite
from llvmlite import binding as llvm

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Loop = Callable[..., int]

Group = Literal["lines", "documents", "devices"]

LOOPS: dict[Group, dict[str, dict[str, int]]] = {
    "lines": {
        "scan_loops": {"scan": 11},
        "totals_loops": {
            "scatter": 7,
            "fold": 7,
            "rehash": 4,
            "assign_buckets": 6,
            "fill_buckets": 9,
            "sort_rows": 4,
        },
        "compact_loops": {
            "measure_rows": 5,
            "compact_rows": 4,
            "merge_tables": 7,
            "pivot_tables": 17,
        },
        "text_loops": {"pack_texts": 5, "unpack_texts": 7, "write_csv": 4},
    },
    "documents": {"cut_loops": {"cut_objects": 7}},
    "devices": {
        "pair_loops": {"sort_pairs": 4, "sort_macs": 4, "unite_pairs": 5, "count_pairs": 7},
    },
}
"""The loops of each module by name, and how many arguments each takes; groups that few runs need
are compiled and kept by themselves."""
_GROUP_OF: dict[str, Group] = {
    name: group for group, modules in LOOPS.items() for names in modules.values() for name in names
}

_HERE = Path(__file__).parent
_SOURCES = (*sorted(_HERE.glob("*.py")), _HERE.parent / "schema.py")
_CHECKSUM_BYTES = hashlib.sha256().digest_size


def loop(name: str) -> Loop:
    """Return a compiled loop, which lets other threads run.

    An argument is a count or a contiguous array, of which the loop gets the address; the result is
    a count.

    Raises:
        subprocess.CalledProcessError: As ``load``.
    """
    return load(_GROUP_OF[name])[name]


@cache
def load(group: Group = "lines") -> dict[str, Loop]:
    """Return the compiled loops of a group by name.

    Raises:
        subprocess.CalledProcessError: The code is not on file yet, and cannot be made; where Numba
            cannot be imported, for example.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    kept = f"engagement-{group}-{_fingerprint()}.o"
    code = _read(kept)
    if code is None:
        code = _compiled(group)
        _write(kept, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return {
        name: _loop(engine, name, arguments)
        for names in LOOPS[group].values()
        for name, arguments in names.items()
    }


def _loop(engine: llvm.ExecutionEngine, name: str, arity: int) -> Loop:
    prototype = ctypes.CFUNCTYPE(*[ctypes.c_uint64] * (1 + arity))
    function = prototype(engine.get_function_address(name))

    def loop(*arguments: int | NDArray[Any]) -> int:
        result: int = function(*map(_word, arguments))
        return result

    loop.engine = engine  # type: ignore[attr-defined] # the code lives as long as its engine
    return loop


def _word(argument: int | NDArray[np.generic]) -> int:
    if isinstance(argument, int):
        return argument
    if not argument.flags.c_contiguous:
        raise ValueError(f"an array of strides {argument.strides} is not contiguous")
    return argument.ctypes.data


def _machine() -> llvm.TargetMachine:
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        codemodel="jitdefault",
        jit=True,
    )


@cache
def _fingerprint() -> str:
    """Hash of the sources, the compiler and the processor."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update(source.read_bytes())
    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    digest.update("\n".join((llvmlite.__version__, llvm.get_process_triple(), *processor)).encode())
    return digest.hexdigest()[:32]


def _compiled(group: Group) -> bytes:
    """Return an object file of the loops of a group, made by a process that imports as this does.

    Raises:
        subprocess.CalledProcessError: It could not.
    """
    import subprocess  # noqa: PLC0415 # only whoever compiles needs it

    command = [sys.executable, "-P", "-m", __name__, group]
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(  # noqa: S603 - this very module, by this very Python
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    ).stdout


def _compile(group: Group) -> bytes:
    """Return an object file of the loops of a group for this machine."""
    from numba import cfunc, uint64  # noqa: PLC0415 # only whoever compiles needs it

    program = llvm.parse_assembly("")
    for module, names in LOOPS[group].items():
        sources = vars(import_module(f"engagement_cli.kernel.{module}"))
        for name, arity in names.items():
            compiled = cfunc(uint64(*[uint64] * arity), error_model="numpy")(sources[name])
            code = llvm.parse_assembly(compiled.inspect_llvm())
            code.get_function(compiled.native_name).name = name
            program.link_in(code)
    return bytes(_machine().emit_object(program))


def _folders() -> tuple[Path, Path]:
    """Where the code may be kept: beside the package, or where this user keeps caches."""
    home = os.path.expanduser("~/.cache")  # noqa: PTH111 # Path's fails for a user without a home
    user = os.environ.get("XDG_CACHE_HOME") or home
    return _HERE / "__pycache__", Path(user) / "engagement"


def _read(name: str) -> bytes | None:
    """Return the code kept under ``name``, or None when there is none or it is damaged."""
    for folder in _folders():
        with suppress(OSError):
            content = (folder / name).read_bytes()
            checksum, code = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
            if hashlib.sha256(code).digest() == checksum:
                return code
    return None


def _write(name: str, code: bytes) -> None:
    """Keep the code in the first folder that takes it; without any, the next process compiles."""
    for folder in _folders():
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as aside:
                aside.write(hashlib.sha256(code).digest() + code)
            Path(aside.name).replace(folder / name)
            return


if __name__ == "__main__":
    sys.stdout.buffer.write(_compile(cast("Group", sys.argv[1])))
