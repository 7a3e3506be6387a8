"""A bare click program: what any command line costs before it does a thing."""

import click


@click.group()
def main() -> None:
    """Do nothing."""


@main.command()
@click.option("--name")
def hello(name: str) -> None:
    """Say hello."""
    click.echo(name)


if __name__ == "__main__":
    main()
