import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from streamlit.testing.v1 import AppTest

from fastapi_app.pipeline import run_body
from song_preference.errors import InvalidRun
from song_preference.run_options import CATALOGUE_OPTIONS, ETL_OPTIONS, TASKS, TRAINING_OPTIONS, Option, checked
from tests.support.airflow import in_airflow
from tests.support.run_options import MORE_OPTIONS

DEFAULTS = {
    "source": None,
    "name": None,
    "test_size": 0.3,
    "seed": 42,
    "trials": None,
    "force": False,
    "new_listener": None,
}


def test_what_is_not_asked_for_is_as_by_default() -> None:
    assert checked(ETL_OPTIONS, {}) == DEFAULTS
    assert checked(ETL_OPTIONS, {"seed": 7, "source": "incoming/a.csv"}) == {
        **DEFAULTS,
        "seed": 7,
        "source": "incoming/a.csv",
    }


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"sorce": "incoming/mine.csv"}, "there is no option 'sorce', use one of these: source, name, test_size, seed"),
        ({"test_size": 1.5}, "option 'test_size' is 1.5, choose a value from 0.1 to 0.5"),
        ({"test_size": float("nan")}, "option 'test_size' is nan, choose a value from 0.1 to 0.5"),
        ({"seed": -3}, "option 'seed' is \N{MINUS SIGN}3, choose a value from 0 to 4294967295"),
        ({"trials": 501}, "option 'trials' is 501, choose a value from 1 to 500"),
        ({"seed": 1.5}, "option 'seed' must be a whole number"),
        ({"seed": True}, "option 'seed' must be a whole number"),
        ({"seed": None}, "option 'seed' must be a whole number"),
        ({"force": "yes"}, "option 'force' must be true or false"),
        ({"source": 1}, "option 'source' must be a text"),
        ({"name": "a" * 81}, "option 'name' has 81 characters, use at most 80"),
        ({"new_listener": "yes"}, "option 'new_listener' must be true or false"),
    ],
)
def test_what_a_run_cannot_be_asked_is_rejected_with_its_name_and_bound(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRun) as rejected:
        checked(ETL_OPTIONS, asked)
    assert told in str(rejected.value)


def test_every_fault_is_reported_at_once_in_both_languages() -> None:
    with pytest.raises(InvalidRun) as rejected:
        checked(TRAINING_OPTIONS, {"sed": 1, "trials": 0})
    assert "'sed'" in str(rejected.value)
    assert rejected.value.message.text("es").endswith("la opción «trials» vale 0, elige un valor de 1 a 500.")


@pytest.mark.parametrize(
    "option", [*ETL_OPTIONS, TRAINING_OPTIONS[0], *CATALOGUE_OPTIONS], ids=lambda option: option.name
)
def test_every_option_is_explained_in_both_languages_and_states_its_bounds(option: Option) -> None:
    assert option.title["en"] != option.title["es"]
    assert option.description["en"] != option.description["es"]
    stated = [option.help(language) == option.description[language] for language in ("en", "es")]
    assert stated == [option.bounds is None] * 2
    if option.longest:
        assert all(str(option.longest) in text for text in option.description.values())
    assert replace(option, bounds=(0.25, 1.5)).help("es").endswith("De 0,25 a 1,5.")


def test_a_share_is_explained_in_both_languages_as_a_number_and_in_percent() -> None:
    # Airflow and REST ask for the number, the dashboard for the percentage.
    (share,) = (option for option in ETL_OPTIONS if option.name == "test_size")
    assert "0.3 means 30%" in share.description["en"]
    assert "0,3 es el 30\N{NO-BREAK SPACE}%" in share.description["es"]


def test_every_task_has_a_name_in_both_languages() -> None:
    assert all(name["en"] != name["es"] for tasks in TASKS.values() for name in tasks.values())


FORM = """
import json
from dag_parts import params_of
from tests.support.run_options import MORE_OPTIONS
form = params_of(MORE_OPTIONS)
try:
    form["noise"].resolve(10)
except Exception as error:
    rejected = str(error)
print(json.dumps({"fields": {name: param.dump() for name, param in form.items()}, "rejected": rejected}))
"""


PAGE = """
import streamlit as st
from streamlit_app.i18n import Locale, texts
from streamlit_app.pipeline.start import options_form
from tests.support.run_options import MORE_OPTIONS
st.json(options_form(Locale("es", texts("pipeline")), MORE_OPTIONS))
"""


def test_an_option_more_appears_in_every_form_and_is_checked(tmp_path: Path) -> None:
    form = in_airflow(FORM, tmp_path)
    airflow = form["fields"]
    assert list(airflow) == [option.name for option in MORE_OPTIONS]
    assert (airflow["noise"]["value"], airflow["noise"]["description"]) == (3, "How much noise. From 1 to 9.")
    assert "10 is greater than the maximum of 9" in form["rejected"]
    # A choice of yes, no or nothing is drawn as a switch.
    assert [name for name, field in airflow.items() if "An untouched switch is empty" in field["description"]] == [
        "new_listener"
    ]

    rest = run_body(MORE_OPTIONS)
    assert list(rest.model_fields) == [option.name for option in MORE_OPTIONS]
    assert vars(rest())["noise"] == 3
    with pytest.raises(ValidationError):
        rest(noise=10)

    page = AppTest.from_string(PAGE, default_timeout=30).run()
    (noise,) = [field for field in page.number_input if field.label == "Ruido"]
    assert (noise.value, noise.min, noise.max, noise.help) == (3, 1, 9, "Cuánto ruido. De 1 a 9.")
    assert len(page.main) == len(MORE_OPTIONS) + 1
    noise.set_value(4).run()
    assert json.loads(page.json[0].value) == {"noise": 4}

    assert checked(MORE_OPTIONS, {})["noise"] == 3
    with pytest.raises(InvalidRun, match="'noise' is 0"):
        checked(MORE_OPTIONS, {"noise": 0})
