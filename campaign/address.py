"""Email addresses: one form for the wire, one for comparing, one for logs, and a keyed hash."""
