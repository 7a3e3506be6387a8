"""Reads a saved run back: the JSON files of an output folder as a Report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twinmap import safeio
from twinmap.errors import InputOutputError, UsageError
from twinmap.renderers import _saved
from twinmap.renderers._report import Excerpt, Json, Report

#: Keys of the manifest that a report may show: no times, no host.
_RUN = ("tool", "base", "mappings", "inputs", "terminology", "key", "target", "format", "graph", "patients")


def load_report(folder: Path) -> Report:
    """The report of the run that wrote ``folder``.

    Read are ``findings.jsonl``, ``relations.jsonl``, ``agreement.jsonl``, ``ledger.json``,
    ``diff.json`` and ``manifest.json``. In the manifest
    ``twinmap`` is the version of the tool, and ``summary`` has ``{"concepts", "validation", "selection", "excerpts"}`` as
    in :class:`Report`, an excerpt as ``[text, length]``. Only the manifest must be there.

    Raises:
        UsageError: The folder is not the output of a run.
        InputOutputError: A file is there and cannot be read, or does not hold what a run writes.
    """
    manifest = _document(folder / "manifest.json", {})
    if manifest is None:
        raise UsageError(
            f'"{folder}" is not the output of a run: it has no manifest.json',
            help="name the folder that was given to: twinmap run -o",
        )
    summary = _summary(folder / "manifest.json", manifest)
    run = {key: manifest[key] for key in _RUN if key in manifest}
    if isinstance(manifest.get("twinmap"), str):
        run.setdefault("tool", {"name": "twinmap", "version": manifest["twinmap"]})
    return Report(
        findings=list(_lines(folder / "findings.jsonl", _saved.FINDING)),
        excerpts={where: Excerpt(*found) for where, found in summary["excerpts"].items()},
        relations=list(_lines(folder / "relations.jsonl", _saved.RELATION)),
        concepts=summary["concepts"],
        ledger=_document(folder / "ledger.json", _saved.LEDGER) or {},
        validation=summary["validation"],
        selection=summary["selection"],
        agreement=tuple(_lines(folder / "agreement.jsonl", _saved.AGREEMENT)),
        difference=_document(folder / "diff.json", _saved.DIFFERENCE),
        run=run,
    )


def _summary(path: Path, manifest: Json) -> dict[str, Any]:
    """What the manifest sums up, whole: the parts that are missing are empty."""
    empty: dict[str, Any] = {"concepts": [], "validation": None, "excerpts": {}, "selection": {}}
    found = manifest.get("summary", {})
    if isinstance(found, dict):
        summary = empty | found
        concepts, excerpts = summary["concepts"], summary["excerpts"]
        if (
            isinstance(concepts, list)
            and all(isinstance(row, dict) for row in concepts)
            and isinstance(summary["validation"], dict | None)
            and _saved.misfit(summary["selection"], _saved.SELECTION) is None
            and isinstance(excerpts, dict)
            and all(_is_excerpt(excerpt) for excerpt in excerpts.values())
        ):
            return summary
    raise InputOutputError(f'the summary in "{path}" is none: it was changed since the run')


def _is_excerpt(found: object) -> bool:
    return isinstance(found, list) and [type(each) for each in found] in ([str], [str, int])


def _document(path: Path, shape: _saved.Shape) -> dict[str, Any] | None:
    text = _text(path)
    return None if text is None else _object(path, text, None, shape)


def _lines(path: Path, shape: _saved.Shape) -> Iterator[Json]:
    for number, line in enumerate((_text(path) or "").split("\n"), start=1):
        if line.strip():
            yield _object(path, line, number, shape)


def _text(path: Path) -> str | None:
    if not path.exists():
        return None
    try:
        return safeio.regular_file(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputOutputError(f'cannot read "{path}": {type(error).__name__}') from error


def _object(path: Path, text: str, line: int | None, shape: _saved.Shape) -> dict[str, Any]:
    place = str(path) if line is None else f"{path}:{line}"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputOutputError(f'"{place}" is not JSON: it was cut or changed since the run') from error
    if not isinstance(value, dict):
        raise InputOutputError(f'"{place}" is not a JSON object: it was changed since the run')
    found = _saved.misfit(value, shape)
    if found is not None:
        raise InputOutputError(
            f'"{found}" in "{place}" is not what a run writes: it was changed since the run'
        )
    return value
