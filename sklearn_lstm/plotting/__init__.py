"""Displays of forecasts and trainings."""
