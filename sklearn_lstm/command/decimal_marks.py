"""Numbers as tables of several countries write them: 1,050.5 or 1.050,5."""

from __future__ import annotations

import pandas as pd


def _numeral(decimal, thousands):
    whole = rf"(?:\d+|\d{{1,3}}(?:{thousands}\d{{3}})+)"
    return rf"[+-]?(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d+)?"


WITH_POINT, WITH_COMMA = _numeral(r"\.", ","), _numeral(",", r"\.")
GROUPED = r"[+-]?\d{1,3}(?:\.\d{3})+"  # 1.050: a thousand and fifty, or one and a bit


class MixedNumbersError(ValueError):
    """Cells that no single way of writing numbers reads."""


def read_numerals(text: pd.Series) -> tuple[pd.Series, bool] | None:
    """Read text as numbers, if one way of writing them reads all of it.

    Parameters
    ----------
    text : Series of str
        Without missing values, on row numbers.

    Returns
    -------
    numbers : Series
        None in the place of both if there is other text.

    has_decimal_comma : bool

    Raises
    ------
    MixedNumbersError
        If some cells have a decimal comma and others a decimal point, or that can't be told.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_lstm.command.decimal_marks import read_numerals
    >>> numbers, has_decimal_comma = read_numerals(pd.Series(["1.050,5", "3"]))
    >>> numbers.tolist(), has_decimal_comma
    ([1050.5, 3.0], True)
    """
    reads_point, reads_comma = text.str.fullmatch(WITH_POINT), text.str.fullmatch(WITH_COMMA)
    if not (reads_point | reads_comma).all():
        return None
    has_point, has_comma = (text.str.contains(mark, regex=False) for mark in ".,")
    only_point, only_comma = reads_point & ~reads_comma, reads_comma & ~reads_point
    _refuse_both(text, only_point, only_comma)
    says_which = (has_point & has_comma) | text.str.count(r"\.").gt(1) | text.str.count(",").gt(1)
    _refuse_both(text, has_point & ~has_comma, has_comma & ~has_point, unless=says_which)
    is_comma = bool(only_comma.any() or (has_comma.any() and not only_point.any()))
    decimal, thousands = (",", ".") if is_comma else (".", ",")
    plain = text.str.replace(thousands, "", regex=False).str.replace(decimal, ".", regex=False)
    return plain.astype(float), is_comma


def _refuse_both(text, some, others, unless=None):
    """Refuse a column in which some cells and others exist; a cell with both marks says which."""
    if not (some.any() and others.any()) or (unless is not None and unless.any()):
        return
    rows = some.idxmax(), others.idxmax()
    first, second = (f"{text[row]!r} at row {row}" for row in rows)
    raise MixedNumbersError(
        f"The column {text.name!r} holds {first} and {second}: a comma can't be told from a point. "
        "Write all numbers the same way, best like 1050.5."
    )


def is_grouped(text: pd.Series) -> bool:
    """Tell whether all points in numbers may be those of thousands, as in 1.050."""
    pointed = text[text.str.contains(".", regex=False)]
    return len(pointed) > 0 and bool(pointed.str.fullmatch(GROUPED).all())
