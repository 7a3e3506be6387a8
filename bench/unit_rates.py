"""How fast an array of values is converted, beside numpy alone and pint: ``python bench/unit_rates.py VALUES RUNS``.

All three convert the same doubles from degrees Celsius to Fahrenheit, offset included, in turn; numpy by
``x * 1.8 + 32``, which knows no units. Prints JSON: seconds of each (median), and how far each is from the
exact result at most, in units of the last place.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pint

from twinmap.terms.ucum import convert

#: Of so many values the exact result is computed.
SAMPLE = 2000


def main(count: int, runs: int) -> dict[str, dict[str, float]]:
    """Measure the contenders on so many values."""
    values = np.random.default_rng(2026).normal(37, 1, count).round(2)
    registry = pint.UnitRegistry()
    degree = registry.degree_Celsius
    contenders: dict[str, Callable[[], Any]] = {
        "twinmap": lambda: convert(values, "Cel", "[degF]"),
        "numpy": lambda: values * 1.8 + 32,
        "pint": lambda: registry.Quantity(values, degree).to("degree_Fahrenheit").magnitude,
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    results: dict[str, Any] = {}
    for _ in range(runs):
        for name, contender in contenders.items():
            started = time.perf_counter()
            results[name] = contender()
            seconds[name].append(time.perf_counter() - started)
    return {
        name: {"seconds": statistics.median(seconds[name]), "places": _places_off(values, results[name])}
        for name in contenders
    }


def _places_off(values: Any, results: Any) -> float:
    """The largest error of the sample."""
    pairs = zip(values[:SAMPLE].tolist(), results[:SAMPLE].tolist(), strict=True)
    return max(_error(result, convert(Fraction(value), "Cel", "[degF]")) for value, result in pairs)


def _error(result: float, exact: Fraction) -> float:
    return float(abs(Fraction(result) - exact) / Fraction(math.ulp(float(exact))))


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
