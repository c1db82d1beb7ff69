"""The C interface of Telos, which Sources/TelosC/telos.h documents."""

import ctypes
import functools
import json
import os
import pathlib
import sys

INTERFACE = 1
FILE = "libTelosC.dylib" if sys.platform == "darwin" else "libTelosC.so"


class TelosError(Exception):
    """What Telos finds wrong with a task, a number of environments or an action."""


class LibraryError(ImportError):
    """That Telos's library is missing or does not fit."""


class Columns(ctypes.Structure):
    """Addresses of a vector's numbers: `telos_columns`."""

    _fields_ = [(name, ctypes.c_void_p) for name in [
        "observations", "next_observations", "rewards", "primary", "terms", "signals", "next_signals", "ends"]]


def candidates():
    """Where the library may be, the first choice first."""
    if os.environ.get("TELOS_LIBRARY"):
        return [pathlib.Path(os.environ["TELOS_LIBRARY"])]
    here = pathlib.Path(__file__).resolve().parent
    folders = [pathlib.Path.cwd(), *pathlib.Path.cwd().parents, *here.parents]
    return [folder / ".build" / "release" / FILE for folder in folders] + [here / FILE]


@functools.cache
def library():
    """The library, loaded. Raises LibraryError where there is none or it is another version's."""
    path = next((path for path in candidates() if path.is_file()), None)
    if path is None:
        if os.environ.get("TELOS_LIBRARY"):
            raise LibraryError(f"TELOS_LIBRARY is '{os.environ['TELOS_LIBRARY']}', and there is no such file")
        raise LibraryError(
            f"there is no .build/release/{FILE} in this folder or above, or beside {__package__}; 'make library' in "
            "Telos's repository builds it, or set TELOS_LIBRARY to its path")
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError as error:
        raise LibraryError(f"{path} cannot be loaded: {error}") from error
    vector, text = ctypes.c_void_p, ctypes.c_void_p
    for name, result, arguments in [
        ("interface", ctypes.c_int32, []),
        ("environments", text, []),
        ("vector_create", vector, [
            ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_double,
            ctypes.POINTER(ctypes.c_void_p)]),
        ("vector_describe", text, [vector]),
        ("vector_reset", ctypes.c_int32, [vector, ctypes.c_int64, ctypes.POINTER(Columns)]),
        ("vector_step", ctypes.c_int32, [vector, ctypes.c_void_p, ctypes.POINTER(Columns)]),
        ("vector_draw", text, [vector, ctypes.c_int64]),
        ("vector_error", ctypes.c_char_p, [vector]),
        ("vector_destroy", None, [vector]),
        ("free", None, [text]),
    ]:
        function = getattr(loaded, f"telos_{name}", None)
        if function is None:
            raise LibraryError(f"{path} is no library of Telos: it has no telos_{name}")
        function.restype, function.argtypes = result, arguments
    if loaded.telos_interface() != INTERFACE:
        raise LibraryError(
            f"{path} has version {loaded.telos_interface()} of the interface, and {__package__} needs {INTERFACE}; "
            "build both from the same Telos")
    return loaded


def text(address):
    """The text at an address, which is freed; None where there is none."""
    if not address:
        return None
    try:
        return ctypes.string_at(address).decode()
    finally:
        library().telos_free(address)


def environments():
    """The names of Telos's environments."""
    return json.loads(text(library().telos_environments()))
