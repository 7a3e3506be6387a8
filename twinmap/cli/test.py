"""``twinmap test``: the tests beside mappings."""

from __future__ import annotations

import click

from twinmap import renderers
from twinmap.cli import output
from twinmap.errors import Exit


@click.command("test")
@click.argument("mappings", metavar="MAP...", nargs=-1, required=True)
def command(mappings: tuple[str, ...]) -> Exit:
    """Run the tests beside mappings (those of NAME.yaml are in NAME.test.yaml).

    MAP is a mapping, builtin:NAME, a project, or a folder with mappings.
    """
    from twinmap.testing.run import run_tests

    passed = failed = 0
    for result in run_tests(mappings):
        mark = "✓" if result.passed else "✗"
        place = "" if result.passed else f"  ({result.span})"
        lines = [f"{mark} {result.mapping}: {result.name}{place}"]
        lines += [f"    {difference}" for difference in result.differences]
        output.say("\n".join(map(renderers.visible, lines)))
        passed += result.passed
        failed += not result.passed
    output.say(f"{passed} passed, {failed} failed")
    return Exit.FINDINGS if failed else Exit.OK
