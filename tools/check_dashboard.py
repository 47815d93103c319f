#!/usr/bin/env python3
"""Ask a Prometheus every query of a Grafana dashboard, and tell which get no data.

    tools/check_dashboard.py --prometheus URL [--dashboard FILE] [--variable NAME=REGEX ...] [--interval DURATION]

Grafana's variables are filled in as a viewer would see them: "All" unless --variable says otherwise, $__rate_interval and $__interval by
--interval. A query that gets only NaN has no data. A panel whose description ends with "Needs ..." may be empty: it is listed with what it
needs. Every panel is listed, one line each, so that an empty one is never passed over in silence.

Example:
  tools/check_dashboard.py --prometheus http://127.0.0.1:9090 --variable namespace=assay

Exit codes: 0 every query is valid, and those that need nothing special got data; 1 one did not, or Prometheus cannot be asked; 2 bad usage.
"""
import argparse
import http.client
import json
import math
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

DASHBOARD = Path(__file__).resolve().parents[1] / "deploy" / "monitoring" / "dashboard.json"
LABEL_VALUES = re.compile(r"label_values\((.+), *(\w+)\)")
NEEDS = re.compile(r" Needs ([^.]+)\.$")
TIMEOUT_SECONDS = 30


class QueryFailed(Exception):
    """Prometheus was reached and does not take the query."""


def fill_in(text, values):
    """`text` with every $name, ${name} and ${name:format} of `values` replaced; longer names first."""
    for name in sorted(values, key=len, reverse=True):
        text = re.sub(rf"\$\{{{name}(:\w+)?\}}|\${name}\b", lambda _: values[name], text)
    return text


def ask(prometheus, path, **parameters):
    url = f"{prometheus.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as reply:
            return json.load(reply)["data"]
    except urllib.error.HTTPError as error:
        try:
            raise QueryFailed(json.load(error)["error"]) from None
        except (ValueError, KeyError):
            raise QueryFailed(f"HTTP {error.code}") from None


def series_with_data(prometheus, query):
    """How many series of `query` have a value now that is a number."""
    result = ask(prometheus, "query", query=query)["result"]
    return sum(not math.isnan(float(series["value"][1])) for series in result)


def panels_of(dashboard):
    """Every panel that shows data, those inside collapsed rows too."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


def variables_of(dashboard, chosen, interval):
    """Names and what they stand for; "All" where `chosen` says nothing."""
    values = {"__rate_interval": interval, "__interval": interval, "__range": interval}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            values[variable["name"]] = chosen.get(variable["name"], variable.get("allValue") or ".*")
    return values


def check_variables(prometheus, dashboard, values):
    """(name, what is wrong or "") for each variable that Prometheus answers."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "query":
            continue
        parsed = LABEL_VALUES.fullmatch(variable["query"]["query"])
        if parsed is None:
            yield variable["name"], "is not label_values(SERIES, LABEL)"
            continue
        try:
            found = ask(prometheus, f"label/{parsed[2]}/values", **{"match[]": fill_in(parsed[1], values)})
            yield variable["name"], "" if found else "has no values"
        except QueryFailed as error:
            yield variable["name"], str(error)


def check_panel(prometheus, panel, values):
    """(state, text): "ok", "empty" or "wrong"; the text says of what."""
    found = 0
    empty = []
    for target in panel["targets"]:
        query = fill_in(target["expr"], values)
        try:
            series = series_with_data(prometheus, query)
        except QueryFailed as error:
            return "wrong", f"{error}: {query}"
        found += series
        if series == 0:
            empty.append(query)
    return ("empty", "; ".join(empty)) if empty else ("ok", f"{found} series")


def check(prometheus, dashboard, values):
    """Prints a line for each variable and panel; returns how many are not as they should be."""
    bad = 0
    for name, problem in check_variables(prometheus, dashboard, values):
        print(f"{'BAD ' if problem else 'ok  '} variable {name}{': ' + problem if problem else ''}")
        bad += bool(problem)
    for panel in panels_of(dashboard):
        needs = NEEDS.search(panel["description"])
        state, text = check_panel(prometheus, panel, values)
        if state == "empty" and needs:
            print(f"need {panel['title']}: no data, needs {needs[1]}")
        else:
            print(f"{'ok  ' if state == 'ok' else 'BAD '} {panel['title']}: {'no data: ' if state == 'empty' else ''}{text}")
            bad += state != "ok"
    return bad


def choice(text):
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=REGEX")
    return name, value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", required=True, metavar="URL", help="such as http://127.0.0.1:9090")
    parser.add_argument("--dashboard", type=Path, default=DASHBOARD, metavar="FILE", help="[deploy/monitoring/dashboard.json]")
    parser.add_argument("--variable", type=choice, action="append", default=[], metavar="NAME=REGEX", help="instead of All; more than once")
    parser.add_argument("--interval", default="1m", metavar="DURATION", help="at least four scrape intervals [1m]")
    given = parser.parse_args()
    try:
        dashboard = json.loads(given.dashboard.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"check_dashboard: {given.dashboard}: {error}; --dashboard takes a dashboard's JSON")
    chosen = dict(given.variable)
    values = variables_of(dashboard, chosen, given.interval)
    for name in chosen:
        if name not in values:
            parser.error(f"--variable {name}: the dashboard has no such variable")
    try:
        bad = check(given.prometheus, dashboard, values)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        sys.exit(f"check_dashboard: {given.prometheus} cannot be asked ({error}); is a Prometheus there?")
    if bad:
        sys.exit(f"check_dashboard: {bad} of the dashboard's queries or variables are not as they should be")


if __name__ == "__main__":
    main()
