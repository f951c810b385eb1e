"""Columns derived from totals, at write time: what each says, its parameters, its values."""

from engagement_cli.features.activity import Activity, active_days
from engagement_cli.features.days import ActiveDaysAsked
from engagement_cli.features.feature import Feature
from engagement_cli.features.material import ActiveDays, Extent, Material
from engagement_cli.features.registry import (
    ALL,
    FEATURES,
    IN_SECONDS,
    Parameters,
    default_parameters,
    derive,
    feature,
    named,
    needs,
    parameters,
    parameters_of,
)

__all__ = [
    "ALL",
    "FEATURES",
    "IN_SECONDS",
    "ActiveDays",
    "ActiveDaysAsked",
    "Activity",
    "Extent",
    "Feature",
    "Material",
    "Parameters",
    "active_days",
    "default_parameters",
    "derive",
    "feature",
    "named",
    "needs",
    "parameters",
    "parameters_of",
]
