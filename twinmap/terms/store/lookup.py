"""A store opened for reading: every question takes all its codes at once, and answers in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from twinmap.duck import Duck, connect
from twinmap.terms import snomed
from twinmap.terms.store import views
from twinmap.terms.store.answers import Code, Concept, Mapped, Replacement
from twinmap.terms.store.editions import Edition, Held, Source, serving, sources
from twinmap.terms.store.place import store_folder
from twinmap.terms.systems import canonical


class Store:
    """A terminology store, read-only; a context manager.

    Of two editions of a system the newest serves, unless ``pinned`` (URI or prefix to version) names one.
    """

    def __init__(self, folder: Path, *, pinned: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.sources: tuple[Source, ...] = tuple(sources(folder))
        named = {_uri(key): version for key, version in (pinned or {}).items()}
        self.serving: tuple[Held, ...] = tuple(serving(self.sources, named))
        self._stack = ExitStack()
        self._duck: Duck | None = None
        self._views: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the store cannot be asked any more."""
        self._stack.close()

    # --- questions ------------------------------------------------------------------------------

    def lookup(self, codes: Iterable[Code]) -> list[Concept]:
        """What is known of each code, in the order of ``codes`` (systems by URI, OID or prefix)."""
        asked = [(_uri(system), code) for system, code in codes]
        found = self._concepts(asked)
        replaced = self.replacements(asked)
        answers = []
        for key in asked:
            known = found.get(key)
            if known is None:
                answers.append(Concept(*key, self._absent(*key)))
            else:
                display, status, detail, edition = known
                others = tuple(replaced.get(key, ()))
                answers.append(Concept(*key, True, display, status, detail, edition, others))
        return answers

    def _concepts(self, asked: Sequence[Code]) -> dict[Code, tuple[str | None, str, str | None, Edition]]:
        """The concept of each code that is there: of a complete edition before that of a fragment."""
        rows = self._ask(
            asked,
            "SELECT a.system, a.code, c.source, c.edition, c.display, c.status, c.detail "
            "FROM asked a JOIN concept c ON c.system = a.system AND c.code = a.code",
            "concept",
        )
        best: dict[Code, tuple[Any, tuple[str | None, str, str | None, Edition]]] = {}
        for system, code, source, number, display, status, detail in rows:
            edition = self.sources[source].editions[number]
            rank = (edition.content == "complete", status != "unknown", display is not None, -source, -number)
            if (system, code) not in best or rank > best[system, code][0]:
                best[system, code] = (rank, (display, status, detail, edition))
        return {key: value for key, (_, value) in best.items()}

    def _absent(self, system: str, code: str) -> bool | None:
        """False where a complete edition of the system lacks the code; else None.

        An edition of SNOMED CT can only lack ids of the namespaces that it holds.
        """
        complete = [
            source.editions[number]
            for source, number in self.serving
            if source.editions[number].uri == system
            and source.editions[number].kind == "codes"
            and source.editions[number].content == "complete"
        ]
        space = snomed.namespace(code) if system == snomed.SYSTEM else None
        if space is not None:
            complete = [edition for edition in complete if space in edition.namespaces]
        return False if complete else None

    def replacements(self, codes: Iterable[Code]) -> dict[Code, list[Replacement]]:
        """The codes that stand for each code that has some."""
        asked = [(_uri(system), code) for system, code in codes]
        rows = self._ask(
            asked,
            "SELECT DISTINCT a.system, a.code, r.target_system, r.target, r.kind "
            "FROM asked a JOIN replacement r ON r.system = a.system AND r.code = a.code ORDER BY ALL",
            "replacement",
        )
        found: dict[Code, list[Replacement]] = {}
        for system, code, *replacement in rows:
            found.setdefault((system, code), []).append(Replacement(*replacement))
        return found

    def designations(
        self, codes: Iterable[Code], *, language: str | None = None
    ) -> dict[Code, list[tuple[str, str, str]]]:
        """The names of each code as (language, use, term); ``de`` also finds ``de-AT``. Preferred ones come first."""
        asked = [(_uri(system), code) for system, code in codes]
        rows = self._ask(asked, _DESIGNATIONS, "designation", language)
        found: dict[Code, list[tuple[str, str, str]]] = {}
        for system, code, tongue, use, term, _ in rows:
            found.setdefault((system, code), []).append((tongue, use, term))
        return found

    def named(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The code of a system that goes by a name, by system and name in lower case; the first of several."""
        asked = [(_uri(system), name.lower()) for system, name in names]
        rows = self._ask(
            asked,
            "SELECT a.system, a.code, min(d.code) FROM asked a "
            "JOIN designation d ON d.system = a.system AND lower(d.term) = a.code GROUP BY ALL",
            "designation",
        )
        return {(system, name): code for system, name, code in rows}

    def properties(self, codes: Iterable[Code]) -> dict[Code, dict[str, str]]:
        """The properties of each code, of LOINC the six axes: ``component property time system scale method``."""
        asked = [(_uri(system), code) for system, code in codes]
        rows = self._ask(
            asked,
            "SELECT a.system, a.code, p.property, p.value "
            "FROM asked a JOIN property p ON p.system = a.system AND p.code = a.code ORDER BY ALL",
            "property",
        )
        found: dict[Code, dict[str, str]] = {}
        for system, code, name, value in rows:
            found.setdefault((system, code), {})[name] = value
        return found

    def subsumes(self, system: str, pairs: Sequence[tuple[str, str]]) -> list[bool | None]:
        """Whether the first code of each pair is, or is above, the second; None where one is not known.

        Where no edition that knows both has a hierarchy, nothing is known either; nor where the second has no place in
        it: in SNOMED CT below the root, as inactive concepts have none, else beside others if the edition is a fragment;
        nor of codes that a circle alone puts above each other.

        One million pairs take about a second of one core, often less, in an edition of the size of SNOMED CT.
        """
        from twinmap.terms.store.subsumption import subsumed

        uri = _uri(system)
        held = [(s, n) for s, n in self.serving if s.editions[n].uri == uri and s.editions[n].kind == "codes"]
        return subsumed(self.ready(), held, pairs)

    def members(self, value_set: str, codes: Iterable[Code]) -> list[bool | None]:
        """Whether each code is a member of a value set (its URL); None where that is not known.

        The set may be given by whole systems, or by rules that nobody expanded: see ``Edition.content``.
        """
        asked = [(_uri(system), code) for system, code in codes]
        held = [
            (s, n)
            for s, n in self.serving
            if s.editions[n].uri == value_set and s.editions[n].kind == "values"
        ]
        rows = self._ask(asked, _MEMBERS, "member", value_set)
        said = {(system, code): tuple(flags) for system, code, *flags in rows}
        complete = bool(held) and all(s.editions[n].content == "complete" for s, n in held)
        of_whole = [key for key, (_, _, whole) in said.items() if whole]
        exists = dict(zip(of_whole, (item.exists for item in self.lookup(of_whole)), strict=True))
        answers: list[bool | None] = []
        for key in asked:
            out, listed, whole = said.get(key, (False, False, False))
            if out or listed:
                answers.append(not out)
            elif whole:
                answers.append(exists[key])
            else:
                answers.append(False if complete else None)
        return answers

    def mappings(self, codes: Iterable[Code]) -> dict[Code, list[Mapped]]:
        """What maps each code, denied mappings included."""
        asked = [(_uri(system), code) for system, code in codes]
        rows = self._ask(
            asked,
            "SELECT DISTINCT a.system, a.code, m.predicate, m.negated, m.target_system, m.target, m.target_label, "
            "m.justification, m.confidence, m.uri FROM asked a "
            "JOIN mapping m ON m.system = a.system AND m.code = a.code ORDER BY ALL",
            "mapping",
        )
        found: dict[Code, list[Mapped]] = {}
        for row in rows:
            found.setdefault((row[0], row[1]), []).append(Mapped(*row))
        return found

    def holds(self, system: str) -> bool:
        """Whether there is an edition of a code system."""
        return any(
            s.editions[n].uri == _uri(system) for s, n in self.serving if s.editions[n].kind == "codes"
        )

    # --- the connection -------------------------------------------------------------------------

    def _ask(
        self, asked: Sequence[Code], sql: str, view: str, wanted: str | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of a query over ``asked``, the distinct codes of a question, and the variable ``wanted``."""
        if not asked:
            return []
        duck = self.ready(view)
        distinct = list(dict.fromkeys(asked))
        duck.run(
            "CREATE OR REPLACE TEMP TABLE asked AS SELECT unnest($1::VARCHAR[]) AS system, unnest($2::VARCHAR[]) AS code",
            [[system for system, _ in distinct], [code for _, code in distinct]],
        )
        duck.run("SET VARIABLE wanted = $1::VARCHAR", [wanted])
        return duck.rows(sql)

    def ready(self, *names: str) -> Duck:
        """The connection, with a view of each of these tables over all editions that serve."""
        if self._duck is None:
            self._duck = self._stack.enter_context(connect())
            views.serve(self._duck, self.sources, self.serving)
        for name in names:
            if name not in self._views:
                self._duck.run(f"CREATE VIEW {name} AS {views.view(name, self.sources, self.serving)}")
                self._views.add(name)
        return self._duck


#: ``wanted`` is a language; that of a region belongs to it.
_DESIGNATIONS = """
SELECT DISTINCT a.system, a.code, coalesce(d.language, ''), d.use, d.term,
       CASE d.use WHEN 'preferred' THEN 0 WHEN 'display' THEN 1 WHEN 'fully-specified' THEN 2 ELSE 3 END AS rank
FROM asked a JOIN designation d ON d.system = a.system AND d.code = a.code
WHERE getvariable('wanted') IS NULL
   OR starts_with(lower(d.language) || '-', lower(getvariable('wanted')) || '-')
ORDER BY a.system, a.code, rank, 3, 4, 5
"""
#: ``wanted`` is a value set; for each code whether it is taken out, listed, or of a system that is taken whole.
_MEMBERS = """
SELECT a.system, a.code, bool_or(m.excluded AND m.code IS NOT NULL),
       bool_or(NOT m.excluded AND m.code IS NOT NULL), bool_or(NOT m.excluded AND m.code IS NULL)
FROM asked a
JOIN member m ON m.uri = getvariable('wanted') AND m.system = a.system AND (m.code = a.code OR m.code IS NULL)
GROUP BY a.system, a.code
"""


def _uri(text: str) -> str:
    known = canonical(text)
    return known.uri if known else text


def open_store(path: Path | None = None, *, pinned: Mapping[str, str] | None = None) -> Store:
    """Open the store at ``path``, or the one of the user; without terminology it is empty.

    Raises:
        InputOutputError: A source of it is damaged, or of a form that this version does not know.
    """
    return Store(store_folder(path), pinned=pinned)
