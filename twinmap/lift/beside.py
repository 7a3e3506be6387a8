"""The quads that belong to no patient's part: what the data set is made of, and the links of patients."""

from __future__ import annotations

from collections.abc import Sequence

from twinmap.engine.identity import Twins

_TM = "https://w3id.org/twinmap/ns#"
_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_VOID = "http://rdfs.org/ns/void#"


def dataset(base: str, sources: Sequence[str]) -> str:
    """The graph ``graph/dataset``: one subset a source (VoID). Without times, so that it never changes."""
    graph = f"<{base}graph/dataset>"
    lines = [f"<{base}dataset> {_TYPE} <{_VOID}Dataset> {graph} ."]
    for name in sources:
        source = f"<{base}source/{name}>"
        lines.append(f"<{base}dataset> <{_VOID}subset> {source} {graph} .")
        lines.append(f"{source} {_TYPE} <{_TM}Source> {graph} .")
    return "".join(line + "\n" for line in lines)


def links(base: str, twins: Twins) -> str:
    """What ``graph/links`` says beside the twins: why records were linked to them."""
    graph = f"<{base}graph/links>"
    lines = []
    for number, item in enumerate(twins.links, 1):
        node = f"<{base}link/{item.record}-{item.other}-{number}>"
        lines += [
            f"{node} {_TYPE} <{_TM}IdentityLink> {graph} .",
            f"{node} <{_TM}linkedRecord> <{base}record/{item.record}> {graph} .",
            f"{node} <{_TM}linkedRecord> <{base}record/{item.other}> {graph} .",
            f'{node} <{_TM}linkRule> "{item.rule}" {graph} .',
            f"{node} <{_TM}evidence> {_literal(item.evidence)} {graph} .",
        ]
    return "".join(line + "\n" for line in lines)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
