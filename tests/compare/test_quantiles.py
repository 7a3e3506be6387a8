"""Quantiles against published tables, against the other of their two ways, and against SciPy where it is there."""

from __future__ import annotations

import doctest

import pytest

from twinmap.compare import quantiles
from twinmap.compare.quantiles import EXACT, chi_squared, normal, student


def test_examples() -> None:
    assert doctest.testmod(quantiles).failed == 0


# NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2 (upper critical values of Student's t).
@pytest.mark.parametrize(
    ("df", "wanted"),
    [
        (1, (3.078, 6.314, 12.706, 63.657)),
        (2, (1.886, 2.920, 4.303, 9.925)),
        (5, (1.476, 2.015, 2.571, 4.032)),
        (10, (1.372, 1.812, 2.228, 3.169)),
        (29, (1.311, 1.699, 2.045, 2.756)),
        (30, (1.310, 1.697, 2.042, 2.750)),
        (100, (1.290, 1.660, 1.984, 2.626)),
    ],
)
def test_student_as_tabled(df: int, wanted: tuple[float, ...]) -> None:
    assert tuple(round(student(p, df), 3) for p in (0.90, 0.95, 0.975, 0.995)) == wanted


# NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4 (critical values of chi-squared).
@pytest.mark.parametrize(
    ("df", "wanted"),
    [
        (1, (0.001, 0.004, 3.841, 5.024)),
        (2, (0.051, 0.103, 5.991, 7.378)),
        (3, (0.216, 0.352, 7.815, 9.348)),
        (10, (3.247, 3.940, 18.307, 20.483)),
        (25, (13.120, 14.611, 37.652, 40.646)),
        (30, (16.791, 18.493, 43.773, 46.979)),
        (100, (74.222, 77.929, 124.342, 129.561)),
    ],
)
def test_chi_squared_as_tabled(df: int, wanted: tuple[float, ...]) -> None:
    assert tuple(round(chi_squared(p, df), 3) for p in (0.025, 0.05, 0.95, 0.975)) == wanted


@pytest.mark.parametrize("p", [0.005, 0.025, 0.05, 0.5, 0.95, 0.975, 0.995])
def test_the_expansions_meet_the_sums(p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    summed = student(p, EXACT), chi_squared(p, EXACT)
    monkeypatch.setattr(quantiles, "EXACT", 0)
    expanded = student.__wrapped__(p, 1_000), chi_squared.__wrapped__(p, 1_000)
    assert expanded == pytest.approx(summed, rel=1e-9, abs=1e-12)


def test_tails_are_symmetric_and_reach_the_normal() -> None:
    assert student(0.025, 7) == -student(0.975, 7)
    assert student(0.975, 10**8) == pytest.approx(normal(0.975), abs=1e-7)


def test_as_scipy_has_them() -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is a second opinion, no dependency")
    for df in (1, 2, 3, 4, 11, 48, 199, 999, 1_000, 1_001, 19_999, 5_000_000):
        for p in (0.005, 0.025, 0.05, 0.5, 0.9, 0.95, 0.975, 0.995):
            assert student(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-9, abs=1e-9)
            assert chi_squared(p, df) == pytest.approx(stats.chi2.ppf(p, df), rel=1e-9)
