"""The only room that imports httpx."""
