"""The machine's own limits and the system's BLAS, through a few lines of C."""

import ctypes
import ctypes.util
import os
import pathlib

import numpy

LIBRARY = pathlib.Path(os.environ.get("TELOS_PEERS_NATIVE", "native.so"))


def native():
    library = ctypes.CDLL(str(LIBRARY))
    library.peak.restype = ctypes.c_float
    return library


def address(array):
    return ctypes.c_void_p(array.ctypes.data)


def openblas():
    name = ctypes.util.find_library("openblas")
    if name is None:
        raise RuntimeError("OpenBLAS is missing; install libopenblas-dev")
    return ctypes.CDLL(name)


def openblas_version():
    library = openblas()
    library.openblas_get_config.restype = ctypes.c_char_p
    return library.openblas_get_config().decode()


def blas_matmul(m, k, n):
    loop, blas = native().products, openblas()
    random = numpy.random.default_rng(0)
    a, b = random.random((m, k), numpy.float32), random.random((k, n), numpy.float32)
    c = numpy.zeros((m, n), numpy.float32)
    function = ctypes.cast(blas.cblas_sgemm, ctypes.c_void_p)
    rounds = max(1, int(2e7 / (2 * m * k * n)))

    def work():
        loop(function, m, k, n, address(a), address(b), address(c), rounds)
        return rounds * 2e-9 * m * k * n

    work()
    if not numpy.allclose(c, a @ b, rtol=1e-4):
        raise RuntimeError("OpenBLAS's product differs from NumPy's")
    return work


def peak(bits):
    """Floating-point operations a second of one core: multiply-adds in registers of `bits`, counted as two."""
    library, rounds = native(), 1_000_000
    if library.peak(bits, 10) < 0:
        raise RuntimeError(f"this machine has no {bits}-bit registers")

    def work():
        library.peak(bits, rounds)
        return rounds * bits // 32 * 24

    return work


def bandwidth():
    """Bytes a second of reading one 4 MB array and writing another, the sizes of the element-wise rows."""
    library, count = native(), 1_000_000
    source, target = numpy.zeros(count, numpy.float32), numpy.ones(count, numpy.float32)

    def work():
        library.stream(address(source), address(target), ctypes.c_size_t(count), 20)
        return 20 * 8 * count

    return work
