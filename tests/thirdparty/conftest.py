"""What lies here is other people's: installed and run by tests/contract/test_third_party.py, not with ours."""

collect_ignore_glob = ["*"]
