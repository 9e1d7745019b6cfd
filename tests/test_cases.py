"""Each folder in `cases/` is a mistake: what differs from the base, and the expected report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Publication

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_mistake_is_reported_with_its_place_and_remedy(
    case: str, publication: Publication, request: pytest.FixtureRequest
) -> None:
    """A mistake is reported as file:line: what is wrong, with what to do, all at once."""
    expected = CASES / case / "report.txt"
    shutil.copytree(CASES / case, publication.root, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("report.txt"))

    report = "".join(f"{problem}\n" for problem in publication.problems())

    if request.config.getoption("--save-expected"):
        expected.write_text(report, encoding="utf-8")
    assert expected.read_text(encoding="utf-8") == report
