"""Names of input files are personal data: what stands for them in SARIF and HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from twinmap.renderers._report import Json, Report


class FileNames:
    """Puts ``source file N`` where a text names an input file: names of files are personal data."""

    def __init__(self, report: Report) -> None:
        self._labels: dict[str, str] = {}
        for entry in report.run.get("inputs", ()):
            label = f"{entry.get('source', '')} file {entry.get('number', '?')}".strip()
            self._labels[str(entry.get("name", ""))] = label
        for finding in report.findings:
            for place in finding.get("places", ()):
                self._labels.setdefault(str(place.get("file", "")), f"{place.get('source', '')} file".strip())
        self._labels.pop("", None)
        for name, label in sorted(self._labels.items()):
            base = re.split(r"[/\\]", name)[-1] or name
            other = self._labels.setdefault(base, label)
            if other != label and base != name:
                self._labels[base] = "input file"
        self._lengths = sorted({len(name) for name in self._labels})

    def label(self, place: Json) -> str:
        """What the file of a place is called in a report; the source where the place has no file."""
        return self._labels.get(str(place.get("file", "")), str(place.get("source", "")))

    def hide(self, text: str) -> str:
        """The text without the names of input files, or the folders before them."""
        found = {
            text[start : start + length]
            for length in self._lengths
            for start in range(len(text) - length + 1)
            if text[start : start + length] in self._labels
        }
        if not found:
            return text
        names = "|".join(re.escape(name) for name in sorted(found, key=lambda name: (-len(name), name)))
        pattern = rf"(?:[^\s\"'<>|`(){{}}\[\],;=]*[/\\])??(?<![\w.-])({names})(?![\w-])"
        return re.sub(pattern, lambda match: self._labels[match[1]], text)

    def hide_all(self, value: Any) -> Any:
        """The same for every string in plain data, keys included."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return {self.hide(str(key)): self.hide_all(item) for key, item in value.items()}
        return [self.hide_all(item) for item in value] if isinstance(value, list | tuple) else value
