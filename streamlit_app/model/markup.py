"""Drawings of the page "model" in HTML, which fits any width and is read as text."""

from collections.abc import Mapping
from html import escape

from song_preference.evaluation import Confusion
from song_preference.serving.versions import Measured
from streamlit_app.model.versions import CHALLENGER, CHAMPION, OTHER
from streamlit_app.theme import Colours
from streamlit_app.words import Words

STYLE = """<style>
.sm-legend { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; font-size: .9rem; align-items: center; }
.sm-legend > span { display: inline-flex; align-items: center; gap: .5rem; }
.sm-metrics { display: grid; gap: 1.3rem; margin-top: 1.2rem; }
.sm-metric { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: .4rem 2rem;
  align-items: center; }
.sm-metric p { margin: .1rem 0 0; font-size: .9rem; line-height: 1.4; opacity: .85; }
.sm-row { display: grid; grid-template-columns: minmax(0, 1fr) 9rem; gap: 1rem; align-items: center;
  font-variant-numeric: tabular-nums; }
.sm-row small { font-size: .8rem; opacity: .85; white-space: nowrap; }
.sm-track { position: relative; height: 1.2rem; }
.sm-track::before { content: ""; position: absolute; inset: 50% 0 auto 0; border-top: 1px solid var(--sm-quiet); }
.sm-track i { position: absolute; top: calc(50% - 2px); height: 4px; border-radius: 2px; }
.sm-track b { position: absolute; top: 50%; width: .85rem; height: .85rem; transform: translate(-50%, -50%); }
.sm-champion { border-radius: 50%; }
.sm-track b.sm-challenger, .sm-mark.sm-challenger { transform: translate(-50%, -50%) rotate(45deg); }
.sm-mark { display: inline-block; width: .8rem; height: .8rem; }
.sm-mark.sm-challenger { transform: rotate(45deg) scale(.9); }
.sm-other { border-radius: 50%; transform: scale(.65); }
.sm-ends { display: flex; justify-content: space-between; font-size: .75rem; opacity: .8; line-height: 1; }
.sm-tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .9rem 1.2rem; }
.sm-tiles > div { border-left: 3px solid var(--sm-like); padding-left: .8rem; }
.sm-tiles strong { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.sm-tiles span { display: block; font-size: .9rem; line-height: 1.35; }
.sm-tiles small { font-size: .8rem; opacity: .85; font-variant-numeric: tabular-nums; }
table.sm-confusion { width: 100%; border-collapse: separate; border-spacing: 4px; table-layout: fixed; }
.sm-confusion th { font-weight: 600; font-size: .85rem; padding: .2rem .3rem; text-align: center; border: 0; }
.sm-confusion th[scope="row"] { text-align: right; }
.sm-confusion td { border: 0; border-radius: .6rem; text-align: center; padding: .7rem .3rem; }
.sm-confusion td strong { display: block; font-size: 1.4rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.sm-confusion td span { font-size: .85rem; }
@media (max-width: 640px) {
  .sm-metric { grid-template-columns: minmax(0, 1fr); }
  /* The card's table. */
  [data-testid="stExpander"] :is(th, td) { padding: .35rem .3rem !important; font-size: .8rem; }
}
</style>"""

TO = "\N{EN DASH}"

LARGE_ERROR = 0.25
"""Of a metric for which less is better: Brier score of whoever always says one half."""

LESS_IS_BETTER = ("brier", "calibration_error")
Ends = tuple[float, float]
METRICS = ("accuracy", "roc_auc", "f1", "pr_auc", *LESS_IS_BETTER)


def metrics(by_role: Mapping[str, Mapping[str, Measured]], colours: Colours, words: Words) -> str:
    """Each metric told in a sentence, with a dot and its interval for each role on one axis; the first role tells."""
    teller = next(iter(by_role.values()))
    found = "".join(
        _metric(name, {role: by_name[name] for role, by_name in by_role.items() if name in by_name}, colours, words)
        for name in METRICS
        if name in teller
    )
    return f'<div class="sm-metrics" style="--sm-quiet:{colours.quiet}">{found}</div>'


def _metric(name: str, by_role: Mapping[str, Measured], colours: Colours, words: Words) -> str:
    value = next(iter(by_role.values())).value
    told = words(f"model_told_{name}", hundredths=words.number(value * 100), points=words.number(value * 100, 1))
    axis = ends(name, list(by_role.values()))
    rows = "".join(_row(role, measured, axis, colours, words) for role, measured in by_role.items())
    shown = "".join(f"<span>{words.number(end, 2 if end % 1 else 0)}</span>" for end in axis)
    return (
        f'<div class="sm-metric"><div><strong>{escape(words(f"model_metric_{name}"))}</strong><p>{escape(told)}</p>'
        f'</div><div>{rows}<div class="sm-row"><div class="sm-ends" aria-hidden="true">{shown}</div></div></div></div>'
    )


def ends(name: str, shown: list[Measured]) -> Ends:
    """Of the axis that holds all of `shown`: as near as possible, with round numbers."""
    if name in LESS_IS_BETTER:
        return 0.0, LARGE_ERROR if max(item.high for item in shown) <= LARGE_ERROR else 1.0
    return 0.5 if min(item.low for item in shown) >= 0.5 else 0.0, 1.0


def _row(role: str, measured: Measured, axis: Ends, colours: Colours, words: Words) -> str:
    low, high = axis
    start, at, end = (100 * (number - low) / (high - low) for number in (measured.low, measured.value, measured.high))
    colour = role_colour(role, colours)
    value, least, most = (words.number(number, 3) for number in measured)
    return (
        f'<div class="sm-row"><div class="sm-track" aria-hidden="true">'
        f'<i style="left:{start:.2f}%;width:{end - start:.2f}%;background:{colour}"></i>'
        f'<b class="sm-{role}" style="left:{at:.2f}%;background:{colour}"></b></div>'
        f"<div><strong>{value}</strong>&ensp;<small>{least}{TO}{most}</small></div></div>"
    )


def role_colour(role: str, colours: Colours) -> str:
    """The same in every drawing."""
    return {CHAMPION: colours.like, CHALLENGER: colours.dislike, OTHER: colours.quiet}[role]


def role_legend(names: Mapping[str, str], colours: Colours) -> str:
    """What dots and diamonds stand for, by role."""
    marks = "".join(
        f'<span><span class="sm-mark sm-{role}" style="background:{role_colour(role, colours)}"></span>'
        f"{escape(name)}</span>"
        for role, name in names.items()
    )
    return f'<div class="sm-legend">{marks}</div>'


def line_legend(colours: Colours, words: Words) -> str:
    """What the lines of the curves stand for."""
    lines = {
        words("model_this"): f"3px solid {colours.like}",
        words("model_baseline"): f"3px dashed {colours.dislike}",
        words("model_guide"): f"2px dotted {colours.quiet}",
    }
    marks = "".join(
        f'<span><span style="display:inline-block;width:1.8rem;border-top:{line}"></span>{escape(name)}</span>'
        for name, line in lines.items()
    )
    return f'<div class="sm-legend">{marks}</div>'


def tiles(tried: Confusion, own: Confusion, colours: Colours, words: Words) -> str:
    """Four numbers at the tried threshold, with those at the model's own where they differ."""
    of_recommended = _of(tried.true_positives, tried.recommended, words)
    right = _of(tried.true_positives + tried.true_negatives, tried.songs, words)
    shown = (
        ("precision", tried.precision, own.precision, of_recommended),
        ("recall", tried.recall, own.recall, _of(tried.true_positives, tried.liked, words)),
        ("accuracy", tried.accuracy, own.accuracy, right),
        ("f1", tried.f1, own.f1, ""),
    )
    found = "".join(_tile(name, value, before, counts, words) for name, value, before, counts in shown)
    return f'<div class="sm-tiles" style="--sm-like:{colours.like}">{found}</div>'


def _of(part: int, whole: int, words: Words) -> str:
    return words("model_of", part=words.number(part), whole=words.number(whole))


def _tile(name: str, value: float | None, own: float | None, counts: str, words: Words) -> str:
    shown, before = _shown(name, value, words), _shown(name, own, words)
    change = "" if shown == before else words("model_before", value=before)
    notes = " · ".join(filter(None, (counts, change)))
    told = escape(words(f"model_{name}"))
    return f"<div><strong>{shown}</strong><span>{told}</span><small>{escape(notes)}&nbsp;</small></div>"


def _shown(name: str, value: float | None, words: Words) -> str:
    if value is None:
        return "—"
    return words.number(value, 2) if name == "f1" else words.percent(value)


def confusion(found: Confusion, colours: Colours, words: Words) -> str:
    """A table of four counts: what the listener says by what the model does, full of colour where there are many."""

    def cell(name: str, count: int, whole: int) -> str:
        colour = colours.like if name in {"true_positives", "true_negatives"} else colours.dislike
        share = count / whole if whole else 0
        return (
            f'<td style="background:color-mix(in srgb, {colour} {8 + 42 * share:.0f}%, transparent)">'
            f"<strong>{words.number(count)}</strong><span>{escape(words(f'model_{name}'))}</span></td>"
        )

    disliked = found.false_positives + found.true_negatives
    heads = "".join(f'<th scope="col">{escape(words(name))}</th>' for name in ("model_recommends", "model_declines"))
    likes = cell("true_positives", found.true_positives, found.liked) + cell(
        "false_negatives", found.false_negatives, found.liked
    )
    dislikes = cell("false_positives", found.false_positives, disliked) + cell(
        "true_negatives", found.true_negatives, disliked
    )
    return (
        f'<table class="sm-confusion"><thead><tr><td></td>{heads}</tr></thead><tbody>'
        f'<tr><th scope="row">{escape(words("like"))}</th>{likes}</tr>'
        f'<tr><th scope="row">{escape(words("dislike"))}</th>{dislikes}</tr></tbody></table>'
    )
