"""An image that moves, with everything that its transaction may hold besides, fits in one."""

from swath_core.index import MOST_POSTINGS
from swath_core.store.images import MOST_GUARDS, MOST_ITEMS


def test_the_largest_move_fits_in_a_transaction() -> None:
    by_cell_or_time = MOST_POSTINGS + 1

    assert 1 + 2 * by_cell_or_time + MOST_GUARDS <= MOST_ITEMS
