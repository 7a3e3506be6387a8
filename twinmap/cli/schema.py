"""``twinmap schema``: the JSON Schema of mapping files, for editors."""

from __future__ import annotations

import json

import click

from twinmap.cli.output import write_product


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of mapping files.

    An editor checks and completes mappings with it. With the YAML language server, begin a mapping with
    "# yaml-language-server: $schema=mapping.schema.json".
    """
    from twinmap.mapping.schema import json_schema

    write_product(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n")
