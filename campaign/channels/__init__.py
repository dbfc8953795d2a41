"""The ways out: one module or package a network."""
