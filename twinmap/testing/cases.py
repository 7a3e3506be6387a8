"""The file of tests: what is given, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field

from twinmap import registry
from twinmap.diagnostics import Finding, Span
from twinmap.errors import UsageError
from twinmap.formats import yamlnodes
from twinmap.formats.yamlnodes import Mapping, Node, Scalar, Sequence
from twinmap.mapping.words import did_you_mean

_KEYS = ("name", "given", "set", "file", "expect", "findings")


@dataclass(frozen=True, slots=True)
class Case:
    """One test. ``expect`` and ``findings`` are None where the test says nothing of them.

    ``given`` is a record, a list of records, raw text, or a table of these by record set; ``file`` is the
    name that the input gets (for mappings that read it), ``params`` are the mapping's.
    """

    name: str
    given: Node
    span: Span
    params: Map[str, str] = field(default_factory=dict)
    file: str | None = None
    expect: tuple[Map[str, str], ...] | None = None
    findings: tuple[str, ...] | None = None


def load_cases(data: bytes, name: str) -> tuple[Case, ...]:
    """Read a file of tests.

    Raises:
        UsageError: It cannot be used; with a finding for each thing that is wrong.
    """
    parsed = yamlnodes.parse(data, name)
    loader = _Loader(list(parsed.findings))
    cases = loader.cases(parsed.root) if parsed.root is not None else ()
    if loader.wrong:
        raise UsageError(f"{name} cannot be used", findings=loader.wrong)
    return cases


@dataclass(frozen=True, slots=True)
class _Loader:
    wrong: list[Finding]

    def refuse(self, code: str, message: str, span: Span, advice: str | None = None) -> None:
        self.wrong.append(registry.finding(code, message, where=span, help=advice))

    def cases(self, root: Node) -> tuple[Case, ...]:
        tests = self.table(root, ("tests",), "a file of tests").get("tests")
        if tests is None:
            self.refuse("TM-L06", "a file of tests needs a list of tests", root.span)
            return ()
        found = [self.case(item) for item in self.items(tests)]
        return tuple(case for case in found if case is not None)

    def case(self, node: Node) -> Case | None:
        keys = self.table(node, _KEYS, "a test")
        name, given = keys.get("name"), keys.get("given")
        if not isinstance(name, Scalar) or given is None:
            self.refuse("TM-L06", "a test needs a name and what is given", node.span)
            return None
        expect, findings = keys.get("expect"), keys.get("findings")
        return Case(
            name=name.text,
            given=given,
            span=name.span,
            params=self.words(keys["set"]) if "set" in keys else {},
            file=self.text(keys["file"]) if "file" in keys else None,
            expect=None if expect is None else tuple(map(self.words, self.items(expect))),
            findings=None if findings is None else tuple(map(self.code, self.items(findings))),
        )

    def table(self, node: Node, known: Seq[str], what: str) -> dict[str, Node]:
        if not isinstance(node, Mapping):
            self.refuse("TM-L06", f"{what} is a table with {', '.join(known)}", node.span)
            return {}
        for entry in node.entries:
            if entry.key.text not in known:
                advice = did_you_mean(entry.key.text, known) or f"known: {', '.join(known)}"
                self.refuse("TM-L02", f'{what} has no "{entry.key.text}"', entry.key.span, advice)
        return {entry.key.text: entry.value for entry in node.entries}

    def items(self, node: Node) -> tuple[Node, ...]:
        if isinstance(node, Sequence):
            return node.items
        self.refuse("TM-L06", "a list is needed here", node.span)
        return ()

    def words(self, node: Node) -> dict[str, str]:
        if isinstance(node, Mapping):
            return {entry.key.text: self.text(entry.value) for entry in node.entries}
        self.refuse("TM-L06", "a table is needed here", node.span)
        return {}

    def text(self, node: Node) -> str:
        if isinstance(node, Scalar):
            return node.text
        self.refuse("TM-L06", "a text is needed here", node.span)
        return ""

    def code(self, node: Node) -> str:
        text = self.text(node)
        try:
            return registry.code(text).code
        except UsageError as error:
            self.refuse("TM-L06", error.message, node.span, error.help)
            return ""
