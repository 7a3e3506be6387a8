"""The local terminology store: LOINC, SNOMED CT, OMOP vocabularies, FHIR terminology and SSSOM, brought by users.

    with open_store() as store:
        store.lookup([("http://loinc.org", "8480-6")])

A store is a folder with a folder for each source (``terms add``): Parquet tables that are never changed, and a
manifest that is written last. So it can be read while it is added to, and a killed ``add`` leaves nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from twinmap.terms.store.place import ENVIRONMENT, store_folder

if TYPE_CHECKING:
    from twinmap.terms.store.answers import Concept, Mapped, Replacement
    from twinmap.terms.store.lookup import Store, open_store

__all__ = ["ENVIRONMENT", "Concept", "Mapped", "Replacement", "Store", "open_store", "store_folder"]

#: What is loaded where it is asked for: who has no terminology pays nothing for the store.
_LAZY = {
    **dict.fromkeys(("Concept", "Mapped", "Replacement"), "answers"),
    **dict.fromkeys(("Store", "open_store"), "lookup"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
