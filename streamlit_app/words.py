"""What a page says, in the listener's language: texts, numbers, moments."""

from dataclasses import dataclass
from datetime import datetime

from streamlit_app.texts import TEXTS, Language

SEPARATORS = {"es": (".", ","), "en": (",", ".")}
"""Of thousands and of decimals."""

MONTHS = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"),
}


@dataclass(frozen=True)
class Words:
    """The texts of one language, and its way to write numbers."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key`, with what stands in braces filled in."""
        text = TEXTS[key][self.language]
        return text.format(**values) if values else text

    def number(self, value: float, decimals: int = 0) -> str:
        """With separators of the language, such as 1.234,5 in Spanish."""
        thousands, point = SEPARATORS[self.language]
        return f"{value:,.{decimals}f}".translate({ord(","): thousands, ord("."): point})

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share of 1 in percent; Spanish sets a space before the sign."""
        space = "\N{NO-BREAK SPACE}" if self.language == "es" else ""
        return f"{self.number(share * 100, decimals)}{space}%"

    def moment(self, moment: datetime) -> str:
        """Day and minute, in the time zone that `moment` has."""
        month = MONTHS[self.language][moment.month - 1]
        return f"{moment.day} {month} {moment.year}, {moment:%H:%M}"
