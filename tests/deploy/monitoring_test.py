"""What operators look at fits together: rules, their unit tests, the runbook's sections, the dashboard and the metrics that servers have.

    monitoring_test.py

Needs PyYAML and Debian's prometheus (for promtool). Runs no server: monitoring_run_test.py does.
"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import check_dashboard  # noqa: E402
import make_dashboard  # noqa: E402

MONITORING = ROOT / "deploy" / "monitoring"
RUNBOOK = (ROOT / "deploy" / "RUNBOOK.md").read_text(encoding="utf-8")
RULES = yaml.safe_load((MONITORING / "prometheus_rule.yaml").read_text(encoding="utf-8"))
RULES_TEST = yaml.safe_load((MONITORING / "rules_test.yaml").read_text(encoding="utf-8"))
CASES = RULES_TEST["tests"]
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))

ALL_RULES = [rule for group in RULES["spec"]["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in ALL_RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in ALL_RULES if "record" in rule}
PANELS = list(check_dashboard.panels_of(DASHBOARD))
SERVED = set(re.findall(r'"((?:assay|process)_[a-z_]+)"', (ROOT / "server" / "metric_table.h").read_text(encoding="utf-8")))

NAME = re.compile(r"(?<![\w:$])((?:assay|process|kube|container)_[a-z_]+|[a-z_]+:[\w:]+)(?=[{\[ ,)]|$)", re.M)
FIRED = re.compile(r'ALERTS\{alertname="(\w+)",alertstate="firing"\}')
WAITS = re.compile(r'ALERTS\{alertname="(\w+)",namespace=~"over\.\*\|"\}')


def metrics_of(text):
    """Names of metrics and recordings in a query or a series; histograms' parts under their family's name."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) if re.sub(r"_(bucket|sum|count)$", "", name) in SERVED else name
            for name in NAME.findall(text)}


def queries():
    """(where, query) of everything that asks for a metric."""
    for rule in ALL_RULES:
        yield rule.get("alert", rule.get("record")), rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


def sections_of(runbook):
    """{heading: text} of the second-level sections that are named after an alert."""
    parts = re.split(r"^## (Assay\w+)$", runbook, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


class RulesTest(unittest.TestCase):
    def promtool(self, *arguments):
        self.assertIsNotNone(shutil.which("promtool"), "no promtool: install Debian's prometheus (scripts/test does)")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "rules.yaml").write_text(json.dumps(RULES["spec"]))
            shutil.copy(MONITORING / "rules_test.yaml", folder)
            run = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_promtool_takes_the_rules(self):
        self.promtool("check", "rules", "rules.yaml")

    def test_the_cases_evaluate_every_group_and_recordings_before_alerts(self):
        by_name = {group["name"]: group["rules"] for group in RULES["spec"]["groups"]}
        self.assertEqual(sorted(by_name), sorted(RULES_TEST["group_eval_order"]))
        has_alerts = [any("alert" in rule for rule in by_name[name]) for name in RULES_TEST["group_eval_order"]]
        self.assertEqual(has_alerts, sorted(has_alerts))

    def test_every_alert_fires_where_it_should_and_only_there(self):
        self.promtool("test", "rules", "rules_test.yaml")

    def test_every_alert_has_a_case_that_fires_one_that_waits_first_and_one_that_nearly_fires(self):
        fires, waits, nearly = set(), set(), set()
        for case in CASES:
            for test in case["promql_expr_test"]:
                waiting = WAITS.fullmatch(test["expr"])
                if waiting and test["exp_samples"] and all('alertstate="pending"' in sample["labels"] for sample in test["exp_samples"]):
                    waits.add(waiting[1])
                alert = FIRED.fullmatch(test["expr"])
                if alert is None:
                    continue
                fired = [sample["labels"] for sample in test["exp_samples"]]
                self.assertTrue(all(sample["value"] == 1 for sample in test["exp_samples"]), case["name"])
                self.assertFalse([labels for labels in fired if 'namespace="under' in labels], case["name"])
                over = self.metrics(case, "over")
                if fired:
                    fires.add(alert[1])
                # The near miss is about the same metrics.
                if over and over <= self.metrics(case, "under"):
                    nearly.add(alert[1])
        names = {rule["alert"] for rule in ALERTS}
        self.assertEqual(fires, names)
        self.assertEqual(waits, names)
        self.assertEqual(nearly, names)

    @staticmethod
    def metrics(case, namespace):
        return {series["series"].partition("{")[0] for series in case["input_series"] if f'namespace="{namespace}' in series["series"]}

    def test_every_alert_says_how_bad_it_is_and_where_help_is(self):
        for rule in ALERTS:
            with self.subTest(rule["alert"]):
                self.assertRegex(rule["alert"], r"^Assay[A-Z]\w+$")
                self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
                self.assertRegex(rule["for"], r"^\d+[mh]$")
                self.assertTrue(rule["annotations"]["summary"].endswith("."))
                self.assertIn("{{ $labels.namespace }}", rule["annotations"]["description"])
                self.assertEqual(rule["annotations"]["runbook_url"], "deploy/RUNBOOK.md#" + rule["alert"].lower())

    def test_the_runbook_has_a_section_and_a_line_of_its_table_for_every_alert_and_for_no_other(self):
        sections = sections_of(RUNBOOK)
        names = [rule["alert"] for rule in ALERTS]
        self.assertEqual(sorted(sections), sorted(names))
        self.assertEqual(len(names), len(set(names)))
        table = re.findall(r"^\| \[(Assay\w+)\]\(#(\w+)\) \| (\w+) \|", RUNBOOK, flags=re.M)
        self.assertEqual([name for name, _, _ in table], list(sections), "the table is not in the order of the sections")
        for name, anchor, severity in table:
            self.assertEqual(anchor, name.lower())
            self.assertEqual(severity, next(rule["labels"]["severity"] for rule in ALERTS if rule["alert"] == name), name)
        self.assertEqual([severity for _, _, severity in table], sorted(severity for _, _, severity in table), "critical comes first")
        for name, text in sections.items():
            for part in ("**Means.**", "**Users feel.**", "**Look.**", "**Do.**", "**Over**"):
                self.assertIn(part, text, name)

    def test_every_panel_that_the_runbook_sends_to_is_on_the_dashboard(self):
        titles = {panel["title"] for panel in PANELS}
        named = re.findall(r'[Pp]anels? ("[^"]+"(?:(?:,| and| against)\s+"[^"]+")*)', RUNBOOK)
        self.assertGreater(len(named), len(ALERTS))
        for title in re.findall(r'"([^"]+)"', " ".join(named)):
            self.assertIn(re.sub(r"\s+", " ", title), titles)

    def test_no_name_is_recorded_twice(self):
        self.assertEqual(len(RECORDED), sum("record" in rule for rule in ALL_RULES))
        for name in RECORDED:
            self.assertRegex(name, r"^(job|instance|job_\w+):assay_[a-z_]+:\w+$")


class NamesTest(unittest.TestCase):
    def test_every_metric_that_is_asked_for_is_one_that_a_server_has_or_that_is_recorded(self):
        for where, query in queries():
            for name in metrics_of(query):
                foreign = name.startswith(("kube_", "container_"))
                self.assertTrue(name in SERVED or name in RECORDED or foreign, f"{where}: {name}")
                if foreign:
                    self.assertIn(name, RUNBOOK, f"{where}: the runbook does not say where {name} comes from")

    def test_every_metric_that_the_runbook_names_is_there(self):
        for name in re.findall(r"\b(?:assay|process)_[a-z_]+\b", re.sub(r"[a-z_]+:[\w:]+", "", RUNBOOK)):
            self.assertIn(re.sub(r"_(bucket|sum|count)$", "", name), SERVED)
        for name in re.findall(r"\b[a-z_]+:assay[\w:]+", RUNBOOK):
            self.assertIn(name, RECORDED)

    def test_every_metric_that_a_server_has_is_looked_at_somewhere(self):
        self.assertEqual(SERVED - set().union(*(metrics_of(query) for _, query in queries())), set())

    def test_the_component_names_files_that_are_there(self):
        component = yaml.safe_load((MONITORING / "kustomization.yaml").read_text(encoding="utf-8"))
        self.assertEqual(component["kind"], "Component")
        dashboards = component["configMapGenerator"]
        self.assertEqual(dashboards[0]["options"]["labels"]["grafana_dashboard"], "1")
        for file in component["resources"] + [name.partition("=")[2] for name in dashboards[0]["files"]]:
            self.assertTrue((MONITORING / file).is_file(), file)


class DashboardTest(unittest.TestCase):
    def test_the_file_is_what_the_tool_makes(self):
        self.assertEqual(DASHBOARD, make_dashboard.dashboard(), "run tools/make_dashboard.py")

    def test_the_tool_says_where_it_cannot_write_and_has_an_example(self):
        for arguments, code, word in ((["--output", "/nowhere/dashboard.json"], 1, "/nowhere/dashboard.json"), (["--help"], 0, "Example"), (["x"], 2, "usage")):
            run = subprocess.run([sys.executable, ROOT / "tools" / "make_dashboard.py", *arguments], capture_output=True, text=True)
            self.assertEqual(run.returncode, code, run.stderr)
            self.assertIn(word, run.stdout + run.stderr)

    def test_panels_lie_on_the_grid_and_none_over_another(self):
        taken = {}
        for panel in DASHBOARD["panels"]:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], make_dashboard.COLUMNS, panel["title"])
            for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
                self.assertNotIn(cell, taken, f"{panel['title']} lies over {taken.get(cell)}")
                taken[cell] = panel["title"]

    def test_every_panel_has_a_title_of_its_own_a_unit_a_description_and_legends(self):
        titles = [panel["title"] for panel in DASHBOARD["panels"]]
        self.assertEqual(len(titles), len(set(titles)))
        self.assertEqual(len({panel["id"] for panel in DASHBOARD["panels"]}), len(titles))
        for panel in PANELS:
            with self.subTest(panel["title"]):
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                self.assertRegex(panel["description"], r"^.{20,}\.$")
                self.assertTrue(all(target["legendFormat"] and target["expr"] for target in panel["targets"]))

    def test_every_query_goes_by_the_variables(self):
        for panel in PANELS:
            for target in panel["targets"]:
                for selector in re.findall(r"\{([^{}]*)\}", target["expr"]):
                    self.assertIn('namespace=~"$namespace"', selector, panel["title"])

    def test_variables_are_filled_in_longest_name_first(self):
        values = {"job": "a", "job_name": "b", "__interval": "5s", "__rate_interval": "1m"}
        self.assertEqual(check_dashboard.fill_in("$job ${job} ${job:regex} $job_name $__rate_interval $__interval $jobs", values),
                         "a a a b 1m 5s $jobs")


if __name__ == "__main__":
    unittest.main()
