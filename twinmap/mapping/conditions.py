"""``when`` and ``keep``: tests of fields, and whether one condition can ever hold after others."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import islice, product

from twinmap.formats.yamlnodes import Mapping, Node, Scalar, Sequence
from twinmap.mapping.ast import Condition, Ref, Test, Text
from twinmap.mapping.references import MalformedError, template
from twinmap.mapping.typed import number
from twinmap.mapping.values import Scope, bare_reference, texts

#: Combinations of words that are looked at to find out whether a rule can be reached.
_MOST_CASES = 500


def condition(scope: Scope, node: Node) -> Condition | None:
    """A condition; None and findings where a test of it cannot be read."""
    blocks = node.items if isinstance(node, Sequence) else (node,)
    alternatives = [_tests(scope, block) for block in blocks if isinstance(block, Mapping)]
    if not alternatives or any(tests is None for tests in alternatives):
        if not alternatives:
            scope.context.report("TM-L06", "a condition needs a field", node.span, "{field: text}")
        return None
    return Condition(tuple(tests for tests in alternatives if tests is not None), node.span)


def part_names(found: Condition) -> frozenset[str]:
    """The names that ``parts`` tests of a condition give to the rule."""
    patterns = [test.pattern for tests in found.alternatives for test in tests if test.pattern]
    return frozenset(part.path for pattern in patterns for part in pattern.parts if isinstance(part, Ref))


def _tests(scope: Scope, node: Mapping) -> tuple[Test, ...] | None:
    found: list[Test] = []
    whole = bool(node.entries)
    if not node.entries:
        scope.context.report("TM-L06", "a condition needs a field", node.span, "{field: text}")
    for key, wanted in node.entries:
        ref = bare_reference(scope, key)
        tests = None if ref is None else _field_tests(scope, ref, wanted)
        whole = whole and tests is not None
        found.extend(tests or ())
    return tuple(found) if whole else None


def _field_tests(scope: Scope, ref: Ref, node: Node) -> list[Test] | None:
    report = scope.context.report
    if not isinstance(node, Mapping):
        words = texts(node)
        if not words or "" in words:
            report("TM-L06", "an empty text never holds", node.span, "{missing: true} tests for nothing")
            return None
        return [Test(ref, "in", words)]
    tests = [_test(scope, ref, key, wanted) for key, wanted in node.entries]
    if not tests:
        report("TM-L06", "a test needs one of not, min, max, like, missing, parts", node.span, "{like: A*}")
    return [test for test in tests if test] if tests and all(tests) else None


def _test(scope: Scope, ref: Ref, key: Scalar, node: Node) -> Test | None:
    report, operator = scope.context.report, key.text
    if operator == "parts":
        return _parts(scope, ref, node)
    words = texts(node)
    if operator in {"min", "max"} and number(words[0]) is None:
        report(
            "TM-L06", f'"{words[0]}" is not a number', node.span, "numbers in a mapping are written with ."
        )
        return None
    if not words:
        report("TM-L06", f'"{operator}" needs a text', node.span)
        return None
    return Test(ref, operator, words)


def _parts(scope: Scope, ref: Ref, node: Node) -> Test | None:
    """A text read backwards; its references are names."""
    assert isinstance(node, Scalar)
    report = scope.context.report
    try:
        pattern = template(node.text, node.at)
    except MalformedError as error:
        report("TM-L12", error.message, node.at(error.offset, error.length), error.help)
        return None
    names = [part for part in pattern.parts if isinstance(part, Ref)]
    wrong = next((name for name in names if name.kind != "path" or name.lookups), None)
    if not names or wrong:
        span = wrong.span if wrong else node.span
        report("TM-L12", "parts needs names for its parts", span, "such as $(low)-$(high)")
        return None
    if len({name.path for name in names}) < len(names):
        report("TM-L12", "two parts have one name", node.span, "give each part a name of its own")
        return None
    named = tuple(
        Ref("part", part.path, part.span) if isinstance(part, Ref) else part for part in pattern.parts
    )
    return Test(ref, "parts", pattern=Text(named, pattern.span))


# --- what can be reached --------------------------------------------------------------------------

Tests = tuple[Test, ...]


def reachable(found: Condition, earlier: Iterable[Condition], keep: Condition | None) -> bool:
    """Whether a record that ``keep`` reads can meet ``found`` and none of the earlier conditions.

    False is certain; True may be wrong where that would need more than comparing tests field by field.
    """
    before = [tests for other in earlier for tests in other.alternatives]
    kept = keep.alternatives if keep else ((),)
    cases = [case for tests in found.alternatives for case in _cases(tests)]
    return any(
        any(_possible((*case, *context)) for context in kept)
        and not any(_implies(case, tests) for tests in before)
        for case in cases
    )


def _cases(tests: Tests) -> list[Tests]:
    """The tests for each combination of single words, so that several earlier rules can cover them."""
    choices = [
        [Test(test.ref, "in", (word,)) for word in test.words] if test.operator == "in" else [test]
        for test in tests
    ]
    combined = list(islice(product(*choices), _MOST_CASES + 1))
    return [tests] if len(combined) > _MOST_CASES else combined


def _implies(tests: Tests, other: Tests) -> bool:
    """Whether a record that meets ``tests`` meets ``other`` for sure."""
    return all(any(_same_field(a, b) and _test_implies(a, b) for a in tests) for b in other)


def _same_field(one: Test, other: Test) -> bool:
    return (one.ref.kind, one.ref.path, one.ref.lookups) == (
        other.ref.kind,
        other.ref.path,
        other.ref.lookups,
    )


def _test_implies(one: Test, other: Test) -> bool:
    if one.operator == "in":
        return all(_meets(word, other) for word in one.words)
    if one.operator != other.operator:
        return (
            other.operator == "missing"
            and other.words == ("false",)
            and one.operator in {"like", "min", "max", "parts"}
        )
    match one.operator:
        case "not":
            return set(other.words) <= set(one.words)
        case "min":
            return _number(one.words[0]) >= _number(other.words[0])
        case "max":
            return _number(one.words[0]) <= _number(other.words[0])
        case "parts":
            return _literals(one.pattern) == _literals(other.pattern)
        case _:
            return one.words == other.words


def _literals(pattern: Text | None) -> list[str | None]:
    """A pattern without the names of its parts."""
    return [part if isinstance(part, str) else None for part in pattern.parts] if pattern else []


def _meets(word: str, test: Test) -> bool:
    """Whether a field with this text meets a test for sure."""
    match test.operator:
        case "in":
            return word in test.words
        case "not":
            return word not in test.words
        case "like":
            return fnmatchcase(word, test.words[0].replace("[", "[[]"))
        case "missing":
            return test.words == ("false",)
        case "min" | "max":
            exact = number(word)
            if exact is None:
                return False
            limit = _number(test.words[0])
            return Decimal(exact) >= limit if test.operator == "min" else Decimal(exact) <= limit
        case _:
            return False


def _possible(tests: Tests) -> bool:
    """Whether a record can meet all of these tests, as far as single fields tell."""
    for index, one in enumerate(tests):
        if one.operator == "in" and not any(
            all(_may_meet(word, other) for other in tests if _same_field(one, other)) for word in one.words
        ):
            return False
        if any(_same_field(one, other) and _contradict(one, other) for other in tests[index + 1 :]):
            return False
    return True


def _may_meet(word: str, test: Test) -> bool:
    return test.operator == "parts" or _meets(word, test)


def _contradict(one: Test, other: Test) -> bool:
    limits = {one.operator: one, other.operator: other}
    if set(limits) == {"min", "max"}:
        return _number(limits["min"].words[0]) > _number(limits["max"].words[0])
    missing = limits.get("missing")
    if missing is not None and len(limits) == 2:
        present = one if missing is other else other
        return missing.words == ("true",) and present.operator != "not"
    return False


def _number(text: str) -> Decimal:
    return Decimal(number(text) or "0")
