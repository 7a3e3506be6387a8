"""``twinmap terms``: the local terminology store: add to it, look up in it, check a map against it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twinmap import renderers
from twinmap.cli import output
from twinmap.cli._options import Function, Memory, Named, fail_on, verdict
from twinmap.errors import Exit, InputOutputError, UsageError

if TYPE_CHECKING:
    from twinmap.diagnostics import Finding
    from twinmap.terms.store import Store
    from twinmap.terms.store.editions import Edition, Source, Tally
    from twinmap.terms.store.search import Hit

#: Notes and editions of one source that are shown.
_NOTES = _EDITIONS = 10
#: Codes of one system that are shown.
_SHOWN = 3


@click.group("terms")
def command() -> None:
    """Look codes up, offline.

    A store holds the terminologies that you have a licence for: LOINC, SNOMED CT (RF2), OMOP vocabularies
    (Athena), FHIR CodeSystem, ValueSet and ConceptMap, and SSSOM mappings.
    """


def _store_option(function: Function) -> Function:
    return click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="The store (default: $TWINMAP_TERMS, else a folder of the user).",
    )(function)


def _format_option(function: Function) -> Function:
    return click.option(
        "-f", "--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True
    )(function)


# --- add ------------------------------------------------------------------------------------------


@command.command("add")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@_store_option
@click.option("--memory", type=Memory(), default="1GB", show_default=True, help="How much memory to take.")
@fail_on("never")
def add(*, paths: tuple[Path, ...], store: Path | None, memory: int, fail_on: str) -> Exit:
    """Load terminologies into the store.

    PATH is a file, a folder, a .zip or a .tgz; what it holds is found out from its content. Every row that is
    read is kept, skipped or refused, and counted.
    """
    from twinmap.terms.store import store_folder
    from twinmap.terms.store.add import add

    findings: list[Finding] = []
    for path in paths:
        added = add(path, store_folder(store), memory_mb=memory)
        findings += added.findings
        output.show_findings(added.findings)
        for source in added.sources:
            output.say("".join(f"{line}\n" for line in _told(source)))
        for source in added.known:
            output.say(f"{renderers.visible(str(path))}: already there as {source.id}")
        for note in added.notes[:_NOTES]:
            output.say(f"note: {renderers.visible(note)}")
        if len(added.notes) > _NOTES:
            output.say(f"note: and {len(added.notes) - _NOTES:,} more of the kind")
    return verdict((finding.severity for finding in findings), fail_on)


def _told(source: Source) -> Iterator[str]:
    """A new source, its editions (not all of many) and its books."""
    from twinmap.terms.store.loader import summed

    yield f"added {source.id}: {renderers.visible(source.name)}, {_size(source.bytes)}"
    for edition in source.editions[:_EDITIONS]:
        yield f"  {_edition(edition)}"
    if len(source.editions) > _EDITIONS:
        yield f"  and {len(source.editions) - _EDITIONS:,} more"
    yield f"  {_books(summed(source.tallies))}"


def _books(tally: Tally) -> str:
    skipped, refused = sum(tally.skipped.values()), sum(tally.refused.values())
    return f"{tally.read:,} rows read = {tally.kept:,} kept + {skipped:,} skipped + {refused:,} refused"


def _edition(edition: Edition) -> str:
    from twinmap.terms.systems import canonical

    what = {"codes": "code", "values": "member", "map": "mapping"}[edition.kind]
    known = canonical(edition.uri) if edition.kind == "codes" else None
    name = known.prefix if known else edition.uri
    version = f" {edition.version}" if edition.version else ""
    content = f", {edition.content}" if edition.kind != "map" else ""
    loops = edition.circles
    circles = f", {loops:,} circle{'' if loops == 1 else 's'} in its hierarchy" if loops else ""
    counts = [f"{edition.count:,} {what}{'' if edition.count == 1 else 's'}"]
    if edition.systems:
        whole = f"every code of {edition.systems:,} system{'' if edition.systems == 1 else 's'}"
        counts = [whole, *(counts if edition.count else ())]
    count = " and ".join(counts)
    return renderers.visible(f"{name}{version}: {count}{content}{circles}")


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


# --- find -----------------------------------------------------------------------------------------


@command.command("find")
@click.argument("query", nargs=-1, required=True)
@click.option("--system", metavar="NAME", help="Only this system: loinc, snomed, a URI or an OID.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many at most."
)
@_store_option
@_format_option
def find(*, query: tuple[str, ...], system: str | None, limit: int, store: Path | None, fmt: str) -> None:
    """Find codes by code or by name.

    QUERY is a code, a CURIE (loinc:8480-6), or words of a name in any order, also the beginning of one or
    with a letter wrong.
    """
    from twinmap.terms.store import open_store
    from twinmap.terms.store.search import find

    asked = " ".join(query)
    with _less("name a --system, or a longer word"), open_store(store) as opened:
        _known(system, opened)
        hits = find(opened, asked, system=system, limit=limit)
        empty = not opened.sources
    if fmt == "json":
        output.write_product(json.dumps([_hit(hit) for hit in hits], indent=2, ensure_ascii=False) + "\n")
    else:
        output.write_product(_hits(hits))
    for line in _missing(asked, hits):
        output.say(line)
    if empty:
        output.say("only the shipped terms were searched: twinmap terms add PATH loads a release of LOINC …")


def _known(system: str | None, store: Store) -> None:
    """Refuse a system that is neither known nor in the store.

    Raises:
        UsageError: It is neither; with the nearest name.
    """
    from difflib import get_close_matches

    from twinmap.terms.systems import canonical, systems

    if system is None or canonical(system) is not None or store.holds(system):
        return
    near = get_close_matches(system.casefold(), systems(), n=1)
    help_ = (
        f"did you mean {near[0]}?" if near else "a prefix (loinc), a URI or an OID; see twinmap terms status"
    )
    raise UsageError(f"{renderers.visible(system)} is no code system that is known", help=help_)


def _missing(query: str, hits: Sequence[Hit]) -> Iterator[str]:
    """What of a query was not found, and why."""
    from twinmap.terms.names import words
    from twinmap.terms.store.search import meant
    from twinmap.terms.store.verify import mistyped

    shown, code = renderers.visible(query), meant(query.strip())
    if not hits and code is not None:
        right = mistyped(*code)
        yield f"{shown} was not found" + (
            f": its check digit is wrong, {right} has the right one" if right else ""
        )
    elif not hits:
        yield "nothing found"
    elif code is None:
        said = {word for hit in hits for name in (hit.display, hit.term) if name for word in words(name)}
        lacking = sorted(word for word in words(query) if not any(word in other for other in said))
        if lacking:
            yield f"no name that was found has: {renderers.visible(', '.join(lacking))}"


@contextmanager
def _less(advice: str) -> Iterator[None]:
    """Says how to ask for less where memory is short: how much a question takes is no option."""
    from twinmap.duck import MemoryShortError

    try:
        yield
    except MemoryShortError as error:
        raise InputOutputError("the question needs more memory than it may take", help=advice) from error


def _curie(hit: Hit) -> str:
    from twinmap.terms.systems import curie

    return curie(hit.system, hit.code)


def _hits(hits: Sequence[Hit]) -> str:
    width = max((len(_curie(hit)) for hit in hits), default=0)
    return "".join(
        f"{renderers.visible(_curie(hit)):<{width}}  {renderers.visible(_name(hit))}\n" for hit in hits
    )


def _name(hit: Hit) -> str:
    """The display, the name that fitted where it is another, and the status where it is not active."""
    shown = hit.display or hit.term or "(no name is known)"
    term = f" ({hit.term})" if hit.term and hit.term != shown else ""
    status = "" if hit.status == "active" else f" [{(hit.detail or hit.status).lower()}]"
    return f"{shown}{term}{status}"


def _hit(hit: Hit) -> dict[str, Any]:
    record = {
        "system": hit.system,
        "code": hit.code,
        "display": hit.display,
        "status": hit.status,
        "detail": hit.detail,
        "term": hit.term,
        "score": hit.score,
        "edition": hit.edition.name if hit.edition else "shipped",
        "version": hit.edition.version if hit.edition else None,
    }
    return {key: value for key, value in record.items() if value not in (None, "")}


# --- status ---------------------------------------------------------------------------------------


@command.command("status")
@_store_option
@_format_option
def status(*, store: Path | None, fmt: str) -> None:
    """Show what is in the store.

    Sources with their checksums, editions with versions and licences, and which of them serves.
    """
    from twinmap.terms.store import open_store, store_folder

    opened = open_store(store)
    serves = {(source.id, number) for source, number in opened.serving}
    if fmt == "json":
        records = [_source(source, serves) for source in opened.sources]
        output.write_product(json.dumps(records, indent=2, ensure_ascii=False) + "\n")
        return
    for source in opened.sources:
        output.write_product("".join(f"{line}\n" for line in _lines(source, serves)))
    size = sum(source.bytes for source in opened.sources)
    count = len(opened.sources)
    output.say(f"{store_folder(store)}: {count} source{'' if count == 1 else 's'}, {_size(size)}")


def _lines(source: Source, serves: set[tuple[str, int]]) -> Iterator[str]:
    from twinmap.terms.store.loader import summed

    yield f"{source.id}  {renderers.visible(source.name)}  {_size(source.bytes)}  added {source.added[:10]}"
    yield f"  sha256 {source.sha256}"
    yield f"  {_books(summed(source.tallies))}"
    for number, edition in enumerate(source.editions):
        state = "serves" if (source.id, number) in serves else "an older edition"
        licence = f"  ({renderers.visible(edition.licence[:100])})" if edition.licence else ""
        yield f"  {_edition(edition)}, {state}{licence}"


def _source(source: Source, serves: set[tuple[str, int]]) -> dict[str, Any]:
    from dataclasses import asdict

    record = source.to_json()
    record["bytes"] = source.bytes
    record["editions"] = [
        {**asdict(edition), "serves": (source.id, number) in serves}
        for number, edition in enumerate(source.editions)
    ]
    return record


# --- verify ---------------------------------------------------------------------------------------


@command.command("verify")
@click.argument("maps", metavar="MAP...", nargs=-1, required=True, type=click.Path(path_type=Path))
@_store_option
@click.option(
    "-f", "--format", "fmt", type=Named("renderers"), default="text", help="How findings are shown."
)
@fail_on("error")
def verify(*, maps: tuple[Path, ...], store: Path | None, fmt: str, fail_on: str) -> Exit:
    """Check the codes of maps against the store and the shipped terms.

    MAP is a mapping (.yaml), an SSSOM or other table with CURIEs (.tsv, .csv), or a FHIR ConceptMap (.json). Is
    each code there, is it in use, is it what its label says, and in the value set that the ConceptMap names? Codes
    that neither the store nor the shipped terms can tell of are counted.
    """
    from twinmap.cli._terms_codes import written
    from twinmap.diagnostics import gathered
    from twinmap.mapping.project import without_tests
    from twinmap.terms.store import open_store
    from twinmap.terms.store.verify import verify

    told: list[Finding] = []
    named = without_tests(list(map(str, maps)))
    places = [item for path in named for item in written(Path(path), told.append)]
    if not places:
        raise UsageError(
            f"there is no code in {renderers.visible(', '.join(named))}: nothing to verify",
            findings=gathered(told),
            help="a table has its codes as CURIEs (loinc:8480-6), in SSSOM in subject_id and object_id",
        )
    with _less("verify fewer maps at once"), open_store(store) as opened:
        verified = verify(opened, places)
    findings = (*gathered(told), *verified.findings)
    output.show_findings(findings, fmt)
    rest = f", {len(verified.unknown):,} that nothing is known of" if verified.unknown else ""
    if verified.unknown:
        shown = "; ".join(_of_system(verified.unknown))
        rest += f" ({renderers.visible(shown)})"
    count = len(findings)
    output.say(f"{verified.checked:,} codes checked{rest}: {count:,} finding{'' if count == 1 else 's'}")
    return verdict((finding.severity for finding in findings), fail_on)


def _of_system(unknown: Sequence[tuple[str, str]]) -> Iterator[str]:
    """How many codes of each system nothing is known of, known systems first, with the first of them."""
    from twinmap.terms.systems import canonical, curie

    found: dict[str, list[str]] = {}
    for system, code in sorted(unknown, key=lambda key: canonical(key[0]) is None):
        found.setdefault(system, []).append(curie(system, code))
    for system, codes in found.items():
        known = canonical(system)
        more = " …" if len(codes) > _SHOWN else ""
        yield f"{known.prefix if known else system}: {len(codes):,}, {', '.join(codes[:_SHOWN])}{more}"
