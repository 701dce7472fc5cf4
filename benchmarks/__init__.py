"""Figures beside a peer's or a physical limit, in one run; nothing here decides a test."""
