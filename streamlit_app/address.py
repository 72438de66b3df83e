"""The choices of a page in its address: what differs from its default, for reloads, bookmarks, links and Back.

Streamlit can bind a widget to the address, but only as an option is shown, in the page's language, and without history;
`st.query_params` makes a new entry of the history of every write. So this writes the address through the browser.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

CHOICES, IS_NEW, SET_IN = "address_choices", "address_is_new", "address_set_in"
"""Keys of the session state: the choices of the page, by name, whether the next address is a new entry, and the
language in which each widget was last set, by its key."""

LANGUAGE = "language"
"""Key of the widget that chooses the language."""

PAGES, PAGE = "address_pages", "address_page"
"""Keys of the session state: the pages by name, and the last part of the path of the one that is open."""

SCRIPT = """<script>
// Streamlit runs the script of an earlier write again where it draws the page anew.
if ({time} > (window.addressTime ?? 0)) {{
  window.addressTime = {time};
  // Back may have opened another page meanwhile.
  if (location.pathname.split("/").pop() === "{page}" && location.search !== "{query}")
    history.{method}({{}}, "", location.pathname + "{query}");
}}
</script>"""


class Choice(NamedTuple):
    """One widget whose value is in the address."""

    name: str
    """Name in the address."""
    key: str
    """Key of the widget in the session state."""
    options: Sequence[Any]
    """Every value that it can have: texts, numbers, or pairs of numbers."""
    default: Any
    """The value that is left out."""

    def asked(self) -> Any:
        """Return the value in the address, however a number is written, or the default if there is none, or rubbish."""
        text, number = st.query_params.get(self.name, ""), None
        with suppress(ValueError):
            number = float(text)
        return next((option for option in self.options if number == option or text == _written(option)), self.default)

    def segments(self, label: str, written: Callable[[Any], str], **look: Any) -> Any:
        """Draw the options side by side and return the one that is chosen; Back undoes a choice."""
        look |= self._kept(written) | {"on_change": push}
        return st.segmented_control(label, self.options, default=self.default, required=True, **look)

    def select(self, label: str, written: Callable[[Any], str], options: Sequence[Any] | None = None) -> Any:
        """Draw the options, or those that are allowed, as a list, and return the one that is chosen; Back undoes it."""
        return st.selectbox(label, options or self.options, on_change=push, **self._kept(written))

    def slider(self, label: str, steps: Sequence[Any], written: Callable[[Any], str], **more: Any) -> Any:
        """Draw a slider with these steps and return what it is set to: a step, or a pair of them."""
        # What a browser takes that has forgotten a slider, which happens where two runs overlap.
        value = st.session_state[self.key]
        return st.select_slider(label, steps, value, **self._kept(written), **more)

    def _kept(self, written: Callable[[Any], str]) -> dict[str, Any]:
        """Return the arguments of a widget that keeps its value while other pages are open."""
        return {"format_func": written, "key": self.key, "persist_state": "session"}


def start() -> None:
    """Forget the choices of the page before."""
    st.session_state[CHOICES] = {}


def restore(choices: Iterable[Choice]) -> None:
    """Set widgets before they are drawn: by the address in a new session and after Back, as they were in another
    language, whose options are others to the browser; else never, or a move that comes meanwhile would be lost."""
    known, set_in = st.session_state.setdefault(CHOICES, {}), st.session_state.setdefault(SET_IN, {})
    # No public part says that the browser went back or forward; tests/ui/test_address.py goes back.
    context = get_script_run_ctx()
    went_back = context is not None and context.is_history_navigation
    for choice in choices:
        if choice.key not in st.session_state or went_back:
            st.session_state[choice.key] = choice.asked()
        elif set_in.get(choice.key) != st.session_state.get(LANGUAGE):
            st.session_state[choice.key] = st.session_state[choice.key]
        set_in[choice.key] = st.session_state.get(LANGUAGE)
        known[choice.name] = choice


def push() -> None:
    """Let the next `write` make a new entry of the history, so that Back undoes this change."""
    st.session_state[IS_NEW] = True


def write() -> None:
    """Write the choices into the address."""
    method = "pushState" if st.session_state.pop(IS_NEW, False) else "replaceState"
    # Every character with a meaning in HTML or JavaScript is encoded in a query.
    # In microseconds; a count would begin anew in another session of the same browser.
    script = SCRIPT.format(
        time=time.time_ns() // 1_000, page=st.session_state[PAGE], query=_query(_asked()), method=method
    )
    st.html(script, unsafe_allow_javascript=True)


def open_page(name: str) -> NoReturn:
    """Open another page; Back leads here."""
    # Streamlit would make an entry of the address that it remembers of this page.
    st.switch_page(st.session_state[PAGES][name], query_params=_asked())


def link() -> str:
    """Return the address to share: with the language too, which depends on the browser else."""
    return f"{st.context.url or ''}{_query(_asked(always='lang'))}"


def _asked(always: str = "") -> dict[str, str]:
    return {
        name: _written(st.session_state[choice.key])
        for name, choice in st.session_state[CHOICES].items()
        if st.session_state[choice.key] != choice.default or name == always
    }


def _query(asked: dict[str, str]) -> str:
    return f"?{urlencode(asked)}" if asked else ""


def _written(value: Any) -> str:
    match value:
        case str():
            return value
        case tuple():
            return "-".join(map(_written, value))
    return f"{value:g}"
