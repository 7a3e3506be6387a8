"""``twinmap completion``: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click

from twinmap.cli.output import write_product


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    Put it where your shell reads completions; for bash: twinmap completion bash >>
    ~/.local/share/bash-completion/completions/twinmap
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root().command
    found = get_completion_class(shell)
    assert found is not None  # the choice above has click's own names
    write_product(found(root, {}, "twinmap", "_TWINMAP_COMPLETE").source())
