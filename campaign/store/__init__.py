"""The tables and every statement that touches them, on SQLite and PostgreSQL."""
