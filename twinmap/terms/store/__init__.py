"""The local terminology store: LOINC, SNOMED CT, OMOP vocabularies, FHIR terminology and SSSOM, brought by users.

    with open_store() as store:
        store.lookup([("http://loinc.org", "8480-6")])

A store is a folder with a folder for each source (``terms add``): Parquet tables that are never changed, and a
manifest that is written last. So it can be read while it is added to, and a killed ``add`` leaves nothing.
"""

from __future__ import annotations

from twinmap.terms.store.answers import Concept, Mapped, Replacement
from twinmap.terms.store.lookup import Store, open_store
from twinmap.terms.store.place import ENVIRONMENT, store_folder

__all__ = ["ENVIRONMENT", "Concept", "Mapped", "Replacement", "Store", "open_store", "store_folder"]
