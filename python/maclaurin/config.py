"""What runs: for reports of errors, tests and benchmarks."""

from maclaurin import _native


def show_config() -> None:
    """Prints the version, the instruction set of the array functions, and the number of threads.

    The best instruction set of the machine runs. The environment variable ``MACLAURIN_INSTRUCTIONS``
    (``avx512``, ``avx2`` or ``baseline``), read once, asks for another one: for tests and benchmarks.
    Expansions have the same bits by all of them.

    Raises:
        ValueError: the variable names none that the machine has.

    Examples:
        >>> import maclaurin as mc
        >>> mc.show_config()  # doctest: +SKIP
        maclaurin 0.2.0
        instructions: avx512 (of avx512, avx2, baseline)
        threads: 2
    """
    version, instructions, known, threads = _native.config()
    print(f"maclaurin {version}")
    print(f"instructions: {instructions} (of {', '.join(known)})")
    print(f"threads: {threads}")
