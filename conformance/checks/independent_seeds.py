"""Seeds of which two coincide, wherever fewer of them are told apart than 32 bits hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from conformance.evidence.evidence import Evidence
from conformance.scans.seed import moved

_PRIMES = (
    997,
    1_009,
    8_191,
    10_007,
    65_521,
    99_991,
    100_003,
    131_071,
    999_983,
    1_000_003,
    16_777_213,
    998_244_353,
    2**31 - 1,
)
_APART = (*(2**bits for bits in range(32)), *(10**digits for digits in range(1, 10)), *_PRIMES)
"""Differences between seeds: bits that are cut off, digits, and primes near them that serve as a modulus."""


_NEAR = 160
"""Seeds one apart, and as many so far apart: every difference up to its square lies between two of them."""


def independent_seeds(drawn: int) -> Iterator[int]:
    """Yield different seeds below 2**32: one, some at differences of many kinds from it, a ladder, others of the range.

    Two seeds of the ladder lie any number up to 25,600 apart, and two of it and of the differences more: whoever takes
    seeds modulo such a number is found whatever the number is.
    """
    first = moved(5) >> 1
    ladder = [*range(_NEAR), *range(_NEAR, _NEAR**2 + 1, _NEAR)]
    others = np.random.default_rng(moved(71)).integers(0, 2**32, drawn)
    steps = [first + step + near for step in _APART for near in (0, 1)]
    yield from dict.fromkeys([first, *steps, *(first + rung for rung in ladder), *(int(seed) for seed in others)])


def all_differ(evidence: Evidence, draw: Callable[[int], bytes], what: str, drawn: int = 1_200) -> None:
    """Require that no two of many seeds draw alike.

    Parameters
    ----------
    evidence : Evidence
    draw : callable
        What is drawn with a seed; so large that chance makes no two alike.
    what : str
        What is drawn, in words.
    drawn : int
        Seeds from the whole range, beside the 405 others. A backend that tells m of n seeds apart, by any rule, is
        missed with a probability of about exp(-n² / 2m), measured at m = 100,000: 2 in a hundred where 500 are drawn, 4
        where it takes them modulo m; none of thousands at 1,200. Modulo up to 25,600 none is missed.
    """
    seen: dict[bytes, int] = {}
    for seed in independent_seeds(drawn):
        other = seen.setdefault(draw(seed), seed)
        evidence.holds(other == seed, f"The seeds {other} and {seed}, {abs(seed - other)} apart, give the same {what}.")
