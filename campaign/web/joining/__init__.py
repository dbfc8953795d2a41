"""Joining and leaving: pages that show on GET and act on POST, and tell nobody who is on a list."""
