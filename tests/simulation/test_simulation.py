"""What is planted is found, and nothing else: precision and recall with known truth."""

from __future__ import annotations

from collections import Counter

import pytest
import table
from cohort import FEEDS, cohort
from injectors import INJECTORS, Injector
from scoring import RATE, SCENES, SEEDS, Score, scene

from twinmap.diagnostics import Severity

RECALL, PRECISION = 0.95, 0.98


def named(item: Injector) -> str:
    return f"{item.code}-{item.name}"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_clean_data_set_gives_no_warning(seed: int) -> None:
    told = [item.message for item in scene("clean", seed).findings if item.severity is not Severity.INFO]
    assert not told


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("injector", INJECTORS, ids=named)
def test_what_is_planted_is_found_and_nothing_else(injector: Injector, seed: int) -> None:
    score = scene(injector.scene, seed).score(injector)
    assert score.planted > 0
    assert score.recall >= RECALL, score
    assert score.precision >= PRECISION, score


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SCENES)
def test_no_other_code_tells_of_anything(name: str, seed: int) -> None:
    """Of what is planted other codes may tell as well, where the injector says so; of the rest none may."""
    told = [f"{item.code} {item.sources}: {item.message}" for item in scene(name, seed).unplanted()]
    assert not told


@pytest.mark.parametrize("injector", [item for item in INJECTORS if item.unit == "statement"], ids=named)
def test_one_in_a_hundred_is_planted(injector: Injector) -> None:
    """Of the statements that an injector can hit; hardly more of all that there are."""
    lines = sum(len(rows) for rows in cohort(SEEDS[0]).feeds.values())
    assert len(scene(injector.scene, SEEDS[0]).truth[injector.name]) <= 2.1 * RATE * lines


def test_every_feed_is_large_enough_for_one_in_a_hundred() -> None:
    made = cohort(SEEDS[0])
    assert set(made.feeds) == set(FEEDS)
    assert all(len(rows) >= 1_000 for rows in made.feeds.values())
    assert max(Counter(row.id for _, row in made.rows()).values()) == 1


def test_a_score_tells_what_is_missed_and_what_is_invented() -> None:
    missed, invented = Score(planted=100, hits=94, claims=94), Score(planted=10, hits=10, claims=20)
    assert (missed.recall, missed.precision) == (0.94, 1.0)
    assert (invented.recall, invented.precision) == (1.0, 0.5)
    assert (missed + invented).claims == 114


@pytest.mark.parametrize(
    ("code", "scene_name"), [("TM-U07", "devices"), ("TM-C03", "codes"), ("TM-X03", "feeds")]
)
def test_the_clean_data_set_would_not_pass_for_a_planted_one(code: str, scene_name: str) -> None:
    """The scoring itself can fail: findings of another seed tell of other lines, and none of them of nothing."""
    injector = next(item for item in INJECTORS if (item.code, item.scene) == (code, scene_name))
    played, clean = scene(scene_name, 1), scene("clean", 1)
    silent = type(played)(clean.findings, played.injectors, played.truth, played.lines, played.ids)
    assert silent.score(injector) == Score(len(played.truth[injector.name]), 0, 0)
    nothing = type(played)(
        played.findings, (injector,), {injector.name: {"none"}}, {injector.name: set()}, played.ids
    )
    assert nothing.score(injector).precision == 0.0


def test_the_page_shows_the_table() -> None:
    text = table.PAGE.read_text(encoding="utf-8")
    assert table.page(text, table.table()) == text, "run python tests/simulation/table.py"
