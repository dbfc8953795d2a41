"""A programme file (YAML) becomes one Campaign value, or a list of errors with lines and columns."""
