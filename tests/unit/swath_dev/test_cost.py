"""The bill: what it adds up, and that the page shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swath_dev import cost
from swath_dev.__main__ import main


def test_the_page_has_the_table_as_computed() -> None:
    """After a change of prices or assumptions: python -m swath_dev cost --write."""
    page = cost.PAGE.read_text()
    assert cost.page_with_table(page) == page


def test_every_quantity_is_priced() -> None:
    used = cost.quantities(1e6, 1e5, cost.Assumptions())
    assert set(used) == set(cost.PRICES)
    assert all(value > 0 for value in used.values())
    shares = [name for names in cost._SHARES.values() for name in names]
    assert sorted(shares) == sorted(cost.PRICES)


def test_a_bill_by_hand() -> None:
    given = replace(cost.Assumptions(), write_units=50, search_units=10, document_units=90)
    idle, busy = cost.monthly(0, 0, given), cost.monthly(2e6, 3e5, given)
    assert busy["write units"] == pytest.approx(2e6 * 50 * 0.625 / 1e6)  # 62.50
    searched = cost.monthly(0, 3e5, given)["read units"] - idle["read units"]
    assert searched == pytest.approx(3e5 * 100 * 0.125 / 1e6)  # 3.75
    assert busy["object GB"] == pytest.approx(2e6 * 0.1 * 0.023)  # 4,600


def test_the_command_prints_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--images", "1e6", "--searches", "1e5", "--object-mb", "0"]) == 0
    first, *lines, last = capsys.readouterr().out.splitlines()
    assert first.startswith("1,000,000 images taken in and 100,000 searches")
    amounts = [float(line.split()[0].replace(",", "")) for line in lines]
    assert float(last.split()[0].replace(",", "")) == pytest.approx(sum(amounts), abs=0.1)
    assert last.endswith("US dollars")
    assert not any("object GB" in line and line.split()[0] != "0.00" for line in lines)
