"""How values are converted: types, exactness, arrays of numpy, pandas and pyarrow."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.terms.ucum import UcumError, affine, convert

#: One operation, a product by a number that no double holds, and all the shapes of offsets.
LINEAR = [
    ("m", "cm"),
    ("mg/dL", "g/L"),
    ("mm[Hg]", "kPa"),
    ("[lb_av]", "kg"),
    ("mol/L", "/L"),
    ("deg", "rad"),
    ("Cel", "[degF]"),
    ("[degF]", "Cel"),
    ("[degF]", "[degRe]"),
    ("mCel", "K"),
    ("K", "YCel"),
]
#: Outside of this the errors of products are lost among the smallest doubles, or overflow.
LARGE, SMALL = 1e240, 1e-240


def test_types_are_kept():
    assert convert(Fraction(1, 3), "m", "cm") == Fraction(100, 3)
    assert convert(3, "m", "cm") == Fraction(300)
    assert isinstance(convert(1.5, "m", "cm"), float)
    assert isinstance(convert(Decimal(2), "[pH]", "mol/L"), Decimal)
    assert convert(1, "B", "1") == Fraction(10)
    assert convert(3, "[pH]", "mol/L") == pytest.approx(0.001)
    assert str(convert(Decimal("120"), "m", "cm")) == "12000"
    assert str(convert(Decimal("-1.50"), "cm", "m")) == "-0.015"


def test_decimals_that_do_not_end_have_34_digits():
    assert str(convert(Decimal(1), "min", "h")) == "0.01666666666666666666666666666666667"


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64", "object"])
def test_arrays_become_doubles(dtype):
    values = np.array([[0, 100], [37, -40]], dtype=dtype)
    result = convert(values, "Cel", "[degF]")
    assert result.dtype == np.float64
    assert result.tolist() == [[32, 212], [98.6, -40]]
    assert values.tolist() == [[0, 100], [37, -40]]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3, 4), (5000,), (4096,), (8192,)])
def test_any_shape(shape):
    result = convert(np.full(shape, 212.0), "[degF]", "Cel")
    assert result.shape == shape
    assert (result == 100).all()


def test_arrays_that_are_not_contiguous():
    values = np.arange(20000.0).reshape(100, 200)[::2, ::-3]
    result = convert(values, "Cel", "[degF]")
    assert result.tolist() == [[convert(value, "Cel", "[degF]") for value in row] for row in values.tolist()]


def test_a_series_of_pandas_keeps_index_and_name():
    series = pd.Series([37.0, None], index=["a", "b"], name="temperature")
    expected = pd.Series([98.6, math.nan], index=["a", "b"], name="temperature")
    pd.testing.assert_series_equal(convert(series, "Cel", "[degF]"), expected)
    pd.testing.assert_series_equal(convert(series.astype("Float64"), "Cel", "[degF]"), expected)


def test_arrays_of_pyarrow_keep_their_nulls():
    values = pa.array([37, None, 0])
    assert convert(values, "Cel", "[degF]").equals(pa.array([98.6, None, 32.0]))
    chunked = pa.chunked_array([[37.0], [None, 0.0], []])
    assert convert(chunked, "Cel", "[degF]").equals(
        pa.chunked_array([[98.6], [None, 32.0], []], pa.float64())
    )
    assert convert(pa.array([0.0, None]), "B", "1").equals(pa.array([1.0, None]))
    decimals = pa.array([Decimal("98.6")], pa.decimal128(4, 1))
    assert convert(decimals, "[degF]", "Cel").to_pylist() == [37.0]


def test_a_masked_array_stays_masked():
    result = convert(np.ma.MaskedArray([37, 99], mask=[False, True]), "Cel", "[degF]")
    assert (result.tolist(), result.mask.tolist()) == ([98.6, None], [False, True])


def test_what_has_no_result():
    assert np.isnan(convert(np.array([-1.0]), "mol/L", "[pH]")).all()
    with pytest.raises(UcumError, match="no equivalent"):
        convert(0.0, "mol/L", "[pH]")
    with pytest.raises(UcumError, match="too large"):
        convert(1e300, "Ym", "ym")
    with pytest.raises(UcumError, match="too large"):
        convert(Decimal("1e9999999"), "m", "cm")
    assert convert(float("inf"), "m", "cm") == float("inf")
    assert np.isnan(convert(float("nan"), "m", "cm"))
    assert convert(Decimal("NaN"), "m", "cm").is_nan()


@pytest.mark.parametrize(("source", "target"), LINEAR)
def test_infinite_and_missing_values_stay(source, target):
    result = convert(np.array([math.inf, -math.inf, math.nan]), source, target)
    assert result.tolist()[:2] == [math.inf, -math.inf]
    assert math.isnan(result[2])


def test_the_zero_of_a_scale_is_met_exactly():
    assert convert(np.array([32.0]), "[degF]", "Cel") == 0
    assert convert(np.array([0.0]), "[degRe]", "Cel") == 0
    assert convert(np.array([-40.0]), "Cel", "[degF]") == -40


def _places_off(value: float, result: float, source: str, target: str) -> float:
    """How far a result is from the exact one, in units of the last place of the exact one."""
    exact = convert(Fraction(value), source, target)
    return float(abs(Fraction(result) - exact) / Fraction(math.ulp(float(exact))))


VALUES = (
    st.floats(-LARGE, LARGE) | st.floats(-1000, 1000) | st.integers(-100000, 100000).map(lambda n: n / 100)
)


@given(st.sampled_from(LINEAR), st.lists(VALUES, min_size=1, max_size=20))
def test_an_array_is_exact_to_the_last_place(units, values):
    source, target = units
    values = [value for value in values if value == 0 or abs(value) > SMALL]
    results = convert(np.array(values), source, target).tolist()
    for value, result in zip(values, results, strict=True):
        assert _places_off(value, result, source, target) <= 1
        assert convert(value, source, target) == float(convert(Fraction(value), source, target))


@pytest.mark.parametrize(("source", "target"), [pair for pair in LINEAR if affine(*pair).b])
def test_values_beside_the_zero_of_a_scale_are_exact_to_the_last_place(source, target):
    line = affine(source, target)
    zero = float(-line.b / line.a)
    values = zero + np.spacing(zero) * np.arange(-200, 201)
    for value, result in zip(values.tolist(), convert(values, source, target).tolist(), strict=True):
        assert _places_off(value, result, source, target) <= 1


@pytest.mark.parametrize(("source", "target"), [("mg/dL", "g/L"), ("m", "cm"), ("Ym", "ym")])
def test_one_operation_gives_the_nearest_double(source, target):
    values = np.random.default_rng(7).normal(100, 50, 2000)
    expected = [convert(value, source, target) for value in values.tolist()]
    assert convert(values, source, target) == pytest.approx(expected, rel=0, abs=0)
