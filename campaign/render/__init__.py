"""Templates become posts and emails."""
