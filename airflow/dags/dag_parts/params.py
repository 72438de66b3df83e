"""The asset between both DAGs, and their trigger forms."""

from collections.abc import Iterable

from airflow.sdk import Asset, Param

from song_preference.run_options import Option

DATASET = Asset("spotify_dataset")

JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def params_of(options: Iterable[Option]) -> dict[str, Param]:
    """Return the form that asks for these options."""
    return {option.name: _param(option) for option in options}


def _param(option: Option) -> Param:
    kind = JSON_TYPES[option.type]
    # Airflow's form changes a number to the bound next to it, silently, if it finds `minimum` or `maximum` at the
    # schema's top. Below `allOf` it does not find them, and the run is rejected with the bound.
    bounds = [{"minimum": option.bounds[0], "maximum": option.bounds[1]}] if option.bounds else [{}]
    return Param(
        option.default,
        type=["null", kind] if option.default is None else kind,
        title=option.title["en"],
        description=option.help("en"),
        allOf=bounds,
    )
