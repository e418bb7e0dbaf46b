"""Levels of units by Circulars 54/2017 and 13/2025: criteria, assessments, reviews, the rule."""
