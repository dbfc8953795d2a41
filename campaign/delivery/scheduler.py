"""The alarm clock; the only room that imports apscheduler."""
