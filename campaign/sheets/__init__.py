"""Spreadsheets and text tables read safely into rows that know their sheet, row and column."""
