"""One hypothesis profile for every test: the same examples each time, and no time limit on a busy machine."""

from hypothesis import HealthCheck, settings

settings.register_profile("house", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
