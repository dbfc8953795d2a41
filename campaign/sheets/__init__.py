"""Spreadsheets read safely into rows: .xlsx and .csv as people keep them, every claim of a file bounded."""

from campaign.sheets.cells import ErrorCell, Linked, Value, column_letter, neutralise, restore, shown, tidy
from campaign.sheets.reading import LIMITS, Limits, Row, Sheet, Workbook, read
from campaign.sheets.tables import Record, Table, find_table, label

__all__ = [
    "LIMITS",
    "ErrorCell",
    "Limits",
    "Linked",
    "Record",
    "Row",
    "Sheet",
    "Table",
    "Value",
    "Workbook",
    "column_letter",
    "find_table",
    "label",
    "neutralise",
    "read",
    "restore",
    "shown",
    "tidy",
]
