"""The peers that twinmap is measured against, in an environment of their own.

morph-kgc is the fastest RML engine that is right about our CSV input; python-hl7 is what Python programs read
HL7 v2 with. They are installed by name with pip into a virtual environment of the work folder; the project's
environment is not touched, and could not take them (morph-kgc wants an older pandas, duckdb and pyoxigraph).
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = ("morph-kgc==2.10.0", "hl7==0.4.5")

_MAPPINGS = Path(__file__).parent / "mappings"


def python(work: Path) -> Path:
    """The interpreter of the peers; makes their environment where it is not there yet.

    Raises:
        subprocess.CalledProcessError: pip cannot install them; what it said is on stderr.
    """
    home = work / "peers"
    interpreter = home / "bin" / "python"
    ready = home / "installed.txt"
    wanted = "\n".join(REQUIREMENTS)
    if not (ready.is_file() and ready.read_text() == wanted):
        venv.EnvBuilder(with_pip=True, clear=True).create(home)
        subprocess.run(
            [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS],
            check=True,
            stdout=sys.stderr,
        )
        ready.write_text(wanted)
    return interpreter


def morph_kgc(interpreter: Path, rules: str, data: Path, folder: Path, processes: int = 2) -> list[str]:
    """Arguments of a run of morph-kgc in ``folder`` that writes ``peer.nq`` there.

    Args:
        interpreter: Of the peers' environment.
        rules: The name of an RML mapping in ``bench/mappings``.
        data: Its input; the mapping calls it ``input.csv`` or ``input.json``.
        folder: Where it runs; the input is linked there.
        processes: Its ``number_of_processes``.
    """
    link = folder / f"input{data.suffix}"
    link.unlink(missing_ok=True)
    link.symlink_to(data.resolve())
    config = folder / "morph.ini"
    config.write_text(
        f"[CONFIGURATION]\noutput_file: {folder / 'peer.nq'}\noutput_format: N-QUADS\n"
        f"number_of_processes: {processes}\nlogging_level: WARNING\n\n[DATA]\nmappings: {_MAPPINGS / rules}\n"
    )
    return [str(interpreter), "-m", "morph_kgc", str(config)]


def python_hl7(interpreter: Path, messages: Path, folder: Path) -> list[str]:
    """Arguments that read messages with python-hl7 into ``folder/peer.tsv``."""
    script = Path(__file__).parent / "peer_hl7.py"
    return [str(interpreter), str(script), str(messages), str(folder / "peer.tsv")]
