"""The user's terminology store, where there is one: opened, and put to use in the catalogue of concepts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from twinmap.terms import loinc
from twinmap.terms.concepts import Catalogue
from twinmap.terms.store.place import store_folder

if TYPE_CHECKING:
    from twinmap.terms.store import Store

#: The axes of a LOINC code, each with the names that its property has: in a release, and in FHIR (loinc.org/fhir).
_AXES: Mapping[str, tuple[str, str]] = {
    "component": ("component", "COMPONENT"),
    "property": ("property", "PROPERTY"),
    "time": ("time", "TIME_ASPCT"),
    "system": ("system", "SYSTEM"),
    "scale": ("scale", "SCALE_TYP"),
    "method": ("method", "METHOD_TYP"),
}


def axes_of(properties: Mapping[str, str]) -> loinc.LoincAxes | None:
    """The axes of a LOINC code by its properties; None where they do not say its component and property.

    >>> axes_of({"component": "Heart rate", "property": "NRat", "time": "Pt", "system": "XXX", "scale": "Qn"})
    LoincAxes(component='Heart rate', property='NRat', time='Pt', system='XXX', scale='Qn', method='')
    """
    found = [next((properties[name] for name in names if name in properties), "") for names in _AXES.values()]
    axes = loinc.LoincAxes(*found)
    return axes if axes.component and axes.property else None


@contextmanager
def local_store() -> Iterator[Store | None]:
    """The store of the user, closed at the end; None where nothing was loaded. Without one nothing is imported.

    Raises:
        InputOutputError: A source of it is damaged, or of a form that this version does not know.
    """
    folder = store_folder()
    if not folder.is_dir() or next(folder.glob("*/manifest.json"), None) is None:
        yield None
        return
    from twinmap.terms.store import open_store

    with open_store(folder) as store:
        yield store


def informed(catalogue: Catalogue, store: Store | None, codes: Iterable[tuple[str | None, str]]) -> Catalogue:
    """The catalogue with what a store knows of these codes: LOINC axes, and what took their place.

    Args:
        catalogue: The concepts.
        store: The store; None gives the catalogue as it is.
        codes: System URI and code of everything that will be asked for.
    """
    asked = list(dict.fromkeys((system, code) for system, code in codes if system is not None))
    if store is None or not asked:
        return catalogue
    replaced = {
        (item.system, item.code): next(iter(sure))
        for item in store.lookup(asked)
        if item.status == "inactive"
        and len(sure := {new.code for new in item.replacements if new.sure and new.system == item.system})
        == 1
    }
    successors = [(system, new) for (system, _), new in replaced.items()]
    axes = {
        code: found
        for (system, code), properties in store.properties([*asked, *successors]).items()
        if system == loinc.SYSTEM and (found := axes_of(properties)) is not None
    }
    return catalogue.informed(axes, replaced)


def used(store: Store | None, systems: Iterable[str]) -> list[dict[str, Any]]:
    """The editions of these systems that answered, as the manifest of a run tells them."""
    wanted = set(systems)
    found = [
        {
            "name": edition.name or edition.uri,
            "version": edition.version,
            "uri": edition.uri,
            "content": edition.content,
            "source": source.name,
            "sha256": source.sha256,
        }
        for source, number in (store.serving if store is not None else ())
        if (edition := source.editions[number]).kind == "codes" and edition.uri in wanted
    ]
    return sorted(found, key=lambda item: (item["uri"], item["version"], item["sha256"]))
