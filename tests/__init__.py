"""The tests of the press; each states its rule in one sentence."""
