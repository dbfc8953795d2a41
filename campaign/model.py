"""Frozen data and enums for the words of the project: campaign, programme, broadcast, delivery."""
