"""Series that come with the package."""

from ._seattle import load_seattle_weather

__all__ = ["load_seattle_weather"]
