"""The table and its targets."""

from __future__ import annotations

import ast
import inspect


def test_targets_are_met_from_their_side() -> None:
    from table import Target

    assert Target(3, least=True).met(3.0)
    assert not Target(3, least=True).met(2.99)
    assert Target(1, least=False).met(1.0)
    assert not Target(1, least=False).met(1.01)


def test_markdown_has_a_line_for_each_row_and_its_verdict() -> None:
    from table import Row, Target, markdown, missed

    rows = [
        Row("fast", "a ratio", 4.2, "x", "1 s", "4.2 s"),
        Row("slow", "a time", 2.0, "s"),
        Row("none", "not run", None, "x", note="no peers"),
        Row("plain", "no target", 12345.6, "MB"),
    ]
    wanted = {"fast": Target(3, least=True), "slow": Target(1, least=False), "none": Target(3, least=True)}
    _, _, *lines = markdown(rows, wanted).splitlines()
    assert lines == [
        "| a ratio | 4.20 x | ≥ 3 x | met | 1 s | 4.2 s |  |",
        "| a time | 2.00 s | ≤ 1 s | **not met** |  |  |  |",
        "| not run | – | ≥ 3 x | not measured |  |  | no peers |",
        "| no target | 12,346 MB |  |  |  |  |  |",
    ]
    assert missed(rows, wanted) == ["slow"]


def test_every_target_is_of_a_row_that_a_case_makes() -> None:
    import cases
    import diff_runs
    from table import targets

    tree = ast.parse(inspect.getsource(cases))
    names = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "Row"
        and isinstance(call.args[0], ast.Constant)
    }
    made = names | {f"{name}-{axis}" for name in ("run", "run-shacl") for axis in ("wall", "cpu")}
    made |= {f"{name}{end}" for name in diff_runs.SIZES for end in ("", "-cpu", "-memory")}
    assert set(targets()) <= made
