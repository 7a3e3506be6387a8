"""Reads HL7 v2 messages with python-hl7 and writes what an observation needs, one line an OBX.

Run by the environment of the peers: ``python peer_hl7.py messages.hl7 out.tsv``. No code is looked up, no time
or unit typed, no graph made: it is the least that anybody does with such a feed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import hl7  # of the peers' environment


def rows(messages: str) -> Iterator[tuple[str, ...]]:
    """Message, patient, system, order, code, name, system, value, unit, status, time of each OBX."""
    for text in messages.split("\rMSH|"):
        message = hl7.parse(text if text.startswith("MSH|") else f"MSH|{text}")
        patient = message.segment("PID")[3][0]
        order = message.segment("OBR")
        head = (str(message.segment("MSH")[10]), str(patient[0]), str(patient[3]), str(order[3]))
        for result in message.segments("OBX"):
            code = result[3][0]
            what = (str(code[0]), str(code[1]), str(code[2]))
            unit = str(result[6][0][0]) if str(result[6]) else ""
            yield (*head, *what, str(result[5]), unit, str(result[11]), str(result[14]) or str(order[7]))


def main() -> None:
    source, target = (Path(name) for name in sys.argv[1:])
    with target.open("w", encoding="utf-8", newline="") as file:
        for row in rows(source.read_bytes().decode("utf-8")):
            file.write("\t".join(row) + "\n")


if __name__ == "__main__":
    main()
