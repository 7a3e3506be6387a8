"""The scales of UCUM that are not ratio scales: their functions, by the names in the UCUM table.

A special unit (UCUM 2.2, sections 21 to 23) has a function and its inverse: ``m = inverse(x) * unit``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

#: The linear ones: what is added to a value before it is multiplied with the unit.
OFFSETS = {"Cel": Fraction("273.15"), "degF": Fraction("459.67"), "degRe": Fraction("218.52")}


class Scale(NamedTuple):
    """The function of a special unit and its inverse, on float64 arrays; NaN where there is no result."""

    inverse: Callable[[Any], Any]
    function: Callable[[Any], Any]


def _exponential(base: float, power: float = 1.0) -> Scale:
    """``inverse(x) = base ** (power * x)``."""

    def logarithm(values: Any) -> Any:
        import numpy as np

        exact = {2.0: np.log2, 10.0: np.log10, math.e: np.log}
        if base in exact:
            return exact[base](values) / power
        return np.log10(values) / (math.log10(base) * power)

    return Scale(lambda values: base ** (power * values), logarithm)


def _tangent(*, degrees: bool) -> Scale:
    """``function(angle) = 100 * tan(angle)``."""

    def inverse(values: Any) -> Any:
        import numpy as np

        angle = np.arctan(values / 100)
        return np.degrees(angle) if degrees else angle

    def function(angle: Any) -> Any:
        import numpy as np

        return 100 * np.tan(np.radians(angle) if degrees else angle)

    return Scale(inverse, function)


#: The others. The table gives percent of slope (``100tan``) an angle in degrees, the specification one in
#: radians: the tangent is taken of the angle that is meant, so that 100 % of slope are 45 degrees.
SCALES = {
    "pH": _exponential(10.0, -1.0),
    "ln": _exponential(math.e),
    "lg": _exponential(10.0),
    "lgTimes2": _exponential(10.0, 0.5),
    "ld": _exponential(2.0),
    "hpX": _exponential(10.0, -1.0),
    "hpC": _exponential(100.0, -1.0),
    "hpM": _exponential(1000.0, -1.0),
    "hpQ": _exponential(50000.0, -1.0),
    "sqrt": Scale(lambda values: values**2, lambda values: values**0.5),
    "tanTimes100": _tangent(degrees=False),
    "100tan": _tangent(degrees=True),
}
