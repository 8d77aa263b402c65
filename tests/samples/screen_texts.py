"""Texts for a screen."""

from __future__ import annotations

from edge.screen_text import ScreenText, ScreenTextKind


def said(words: str) -> ScreenText:
    """An instruction with these words."""
    return ScreenText(ScreenTextKind.INSTRUCTION, words)
