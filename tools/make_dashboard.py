#!/usr/bin/env python3
"""Write the Grafana dashboard over Assay's metrics, deploy/monitoring/dashboard.json, from the panels listed here.

    tools/make_dashboard.py [--output FILE]

The JSON is what Grafana imports; this file is what a person reviews. Panels flow from left to right on Grafana's 24 columns. A panel whose data
not every installation has says so in the last sentence of its description, "Needs ...": tools/check_dashboard.py goes by it.

Example:
  tools/make_dashboard.py && git diff --stat deploy/monitoring/dashboard.json

Exit codes: 0 written; 1 the file cannot be written; 2 bad usage.
"""
import argparse
import json
import sys
from pathlib import Path

OUTPUT = Path(__file__).resolve().parents[1] / "deploy" / "monitoring" / "dashboard.json"
COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

FLEET = 'namespace=~"$namespace",job=~"$job"'
CHOSEN = FLEET + ',instance=~"$instance"'
SCORING = CHOSEN + ',method!="GetModel"'
COMPUTED = CHOSEN + ',kind="computed"'

GREEN, YELLOW, RED = "green", "yellow", "red"
RATIO, SECONDS, BYTES, COUNT, PER_SECOND, REQUESTS = "percentunit", "s", "bytes", "short", "cps", "reqps"


def rate(metric, labels=CHOSEN):
    return f"rate({metric}{{{labels}}}[$__rate_interval])"


def quantile(share, metric, by="", labels=CHOSEN):
    return f"histogram_quantile({share}, sum by ({by}le) ({rate(metric + '_bucket', labels)}))"


def panel(title, unit, description, *queries, kind="timeseries", size=(8, 8), limits=(), needs="", stacked=False, worst="high"):
    """`queries` are (expression, legend); `limits` the values from which it is yellow and red, or with worst="low" green and yellow."""
    return {"title": title, "unit": unit, "description": description + (f" Needs {needs}." if needs else ""), "queries": queries,
            "kind": kind, "size": size, "limits": limits, "stacked": stacked, "worst": worst}


def stat(title, unit, description, expression, legend="{{namespace}}", **more):
    return panel(title, unit, description, (expression, legend), kind="stat", size=(4, 4), **more)


ROWS = [
    ("Is it well", [
        stat("Ready replicas", COUNT, "Replicas that take requests; of the whole fleet.", f"job:assay_replicas:ready{{{FLEET}}}", limits=(1, 2), worst="low"),
        stat("Ready share", RATIO, "Of the replicas that Prometheus knows, those that take requests; of the whole fleet.",
             f"job:assay_replicas:ready{{{FLEET}}} / job:assay_replicas:known{{{FLEET}}}", limits=(0.5, 1), worst="low"),
        stat("Alerts firing", COUNT, "Assay's alerts; deploy/RUNBOOK.md has a section for each.",
             'count(ALERTS{alertname=~"Assay.*",alertstate="firing",namespace=~"$namespace"}) or vector(0)', "alerts", limits=(1, 3)),
        stat("Errors, 1 h", RATIO, "Of the requests, those that ended in an error of the server's; the objective is 0.1 % over 30 days. Of the whole fleet.",
             f"job:assay_errors:ratio_rate1h{{{FLEET}}}", limits=(0.001, 0.0144)),
        stat("Refused for overload", RATIO, "Of the requests of five minutes: queue full, too slow for the deadline, or too much text waiting. Of the whole fleet.",
             f"job:assay_overload_refusals:ratio5m{{{FLEET}}}", limits=(0.05, 0.5)),
        stat("Deadlines missed", RATIO, "Of the requests of five minutes, those given up because their deadline passed. Of the whole fleet.",
             f"job:assay_deadline_misses:ratio5m{{{FLEET}}}", limits=(0.01, 0.05)),
        stat("Goodput", REQUESTS, "Requests that got their scores. Of the whole fleet.", f"job:assay_goodput:rate5m{{{FLEET}}}"),
        stat("Tokens", PER_SECOND, "Computed tokens per second, each common prefix once. Of the whole fleet.",
             f'job_kind:assay_tokens:rate5m{{{FLEET},kind="computed"}}'),
        stat("p99 latency", SECONDS, "From a request's last byte until its reply was made. Of the whole fleet, by method.",
             f"job_method:assay_request_seconds:p99_5m{{{FLEET}}}", "{{method}}", limits=(5, 30)),
        stat("Predicted wait", SECONDS, "How long the queue takes at the speed measured lately; mean of the replicas.",
             f"job:assay_predicted_wait_seconds:avg{{{FLEET}}}", limits=(10, 30)),
        stat("Models served", COUNT, "Different revisions, dtypes and kinds of heads; more than one outside a rollout gives equal requests different scores.",
             f"job:assay_models:count{{{FLEET}}}", limits=(2, 3)),
        stat("Workers lost", COUNT, "Workers that are stuck or broken.", f'sum(assay_workers{{{CHOSEN},state=~"stuck|broken"}})', "workers", limits=(1, 2)),
        panel("Requests by outcome", REQUESTS, "Answers per second by the name of their status code.",
              (f"sum by (code) ({rate('assay_requests_total', SCORING)})", "{{code}}"), size=(12, 8), stacked=True),
        panel("Error ratio by window", RATIO, "An alert looks at a long window and a short one together. Of the whole fleet; the objective is 0.1 %.",
              *((f"job:assay_errors:ratio_rate{window}{{{FLEET}}}", window) for window in ("5m", "1h", "6h", "3d")), size=(12, 8), limits=(0.001, 0.0144)),
    ]),
    ("Load and latency", [
        panel("Requests by method", REQUESTS, "Score is one call a request; ScoreStream counts each request of a stream.",
              (f"sum by (method) ({rate('assay_requests_total')})", "{{method}}")),
        panel("Latency", SECONDS, "From a request's last byte until its reply was made.",
              *((quantile(share, "assay_request_seconds", labels=SCORING), f"p{int(share * 100)}") for share in (0.5, 0.9, 0.99))),
        panel("Latency, all of it", SECONDS, "How many requests took how long; two bands mean two kinds of callers.",
              (f"sum by (le) ({rate('assay_request_seconds_bucket', SCORING)})", "{{le}}"), kind="heatmap"),
        panel("Where the time goes", SECONDS, "Mean time of a scored request in each stage: waiting for an encoder, encoding, waiting for a device, computing.",
              (f"sum by (stage) ({rate('assay_stage_seconds_sum')}) / (sum by (stage) ({rate('assay_stage_seconds_count')}) > 0)", "{{stage}}"), stacked=True),
        panel("Queued tokens per replica", COUNT, "What autoscalers look at: computed tokens that wait for a device.",
              (f"avg by (namespace, job) (assay_queued_tokens{{{CHOSEN}}})", "mean"), (f"max by (namespace, job) (assay_queued_tokens{{{CHOSEN}}})", "largest")),
        panel("Predicted wait by replica", SECONDS, "How long the queue takes at the speed measured lately. Requests with less time than that are refused.",
              (f"assay_predicted_wait_seconds{{{CHOSEN}}}", "{{instance}}"), limits=(10, 30)),
        panel("Refusals by reason", REQUESTS, "queue_full, too_slow and text_waiting are overload; invalid and identity are the caller's; stopping and unhealthy the replica's.",
              (f"sum by (reason) ({rate('assay_refusals_total')})", "{{reason}}"), stacked=True),
        panel("Deadlines missed by stage", REQUESTS, "Where a request was when its deadline passed; reply means that it was computed in vain.",
              (f"sum by (stage) ({rate('assay_deadline_misses_total')})", "{{stage}}"), stacked=True),
        panel("Text that waits for encoders", BYTES, "If it does not go down to zero while devices idle, encoder threads are too few or held back.",
              (f"assay_waiting_bytes{{{CHOSEN}}}", "{{instance}}")),
        panel("Queued requests", COUNT, "Requests that wait for a device.", (f"assay_queued_requests{{{CHOSEN}}}", "{{instance}}")),
        panel("Replicas and the autoscaler", COUNT, "What the autoscaler wants, and the most it may have.",
              ('kube_horizontalpodautoscaler_status_desired_replicas{namespace=~"$namespace",horizontalpodautoscaler=~".*assay.*"}', "wanted"),
              ('kube_horizontalpodautoscaler_spec_max_replicas{namespace=~"$namespace",horizontalpodautoscaler=~".*assay.*"}', "most"),
              needs="kube-state-metrics"),
        panel("CPU held back", RATIO, "Share of the periods in which Kubernetes throttled the container.",
              ('sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{namespace=~"$namespace",pod=~"assay.*",container="server"}[$__rate_interval]))'
               ' / sum by (pod) (rate(container_cpu_cfs_periods_total{namespace=~"$namespace",pod=~"assay.*",container="server"}[$__rate_interval]))', "{{pod}}"),
              limits=(0.1, 0.25), needs="cAdvisor"),
    ]),
    ("Devices and batches", [
        panel("Busy", RATIO, "Share of the time in which a worker is in a forward pass.", (f"instance:assay_busy:ratio5m{{{CHOSEN}}}", "{{instance}}")),
        panel("FLOP utilisation", RATIO, "Of the peak that the device's maker publishes for the served dtype.",
              (f"instance:assay_utilisation:ratio5m{{{CHOSEN}}}", "{{instance}}"), needs="a GPU"),
        panel("Computed tokens", PER_SECOND, "Each common prefix once.", (f"sum by (instance) ({rate('assay_tokens_total', COMPUTED)})", "{{instance}}")),
        panel("Tokens of a pass", COUNT, "Passes grow with load up to --max-batch-tokens; small ones while something is queued waste the device.",
              (quantile(0.5, "assay_batch_tokens"), "p50"), (quantile(0.9, "assay_batch_tokens"), "p90"),
              (f"sum({rate('assay_batch_tokens_sum')}) / (sum({rate('assay_batch_tokens_count')}) > 0)", "mean")),
        panel("Responses of a pass", COUNT, "Responses scored by a forward pass.",
              (quantile(0.5, "assay_batch_sequences"), "p50"), (quantile(0.9, "assay_batch_sequences"), "p90")),
        panel("Time of a pass", SECONDS, "A pass longer than --stuck-after makes its worker count as stuck.",
              (quantile(0.5, "assay_forward_seconds", "device, "), "p50 {{device}}"), (quantile(0.99, "assay_forward_seconds", "device, "), "p99 {{device}}")),
        panel("Workers by state", COUNT, "stuck: in a pass that takes too long; broken: the device failed for good.",
              (f"sum by (state) (assay_workers{{{CHOSEN}}})", "{{state}}"), stacked=True),
        panel("Responses that failed", PER_SECOND, "Responses that a forward pass gave an error instead of a score.",
              (f"sum by (instance) ({rate('assay_responses_failed_total')})", "{{instance}}")),
        panel("Free device memory", BYTES, "What torch keeps for later counts as taken.", (f"assay_device_free_memory_bytes{{{CHOSEN}}}", "{{instance}} {{device}}"), needs="a GPU"),
    ]),
    ("Sharing and reuse", [
        panel("Sharing ratio", COUNT, "Input tokens for each computed one: above 1, common prefixes save that much. Of the whole fleet.",
              (f"job:assay_sharing:ratio5m{{{FLEET}}}", "{{namespace}}")),
        panel("Input and computed tokens", PER_SECOND, "Input counts as if nothing were shared.", (f"sum by (kind) ({rate('assay_tokens_total')})", "{{kind}}")),
        panel("Responses that cost no pass", PER_SECOND, "cached: from --result-cache-mib; coalesced: by the pass of an equal conversation.",
              (f"sum({rate('assay_cached_responses_total')})", "cached"), (f"sum({rate('assay_coalesced_responses_total')})", "coalesced"), stacked=True),
        panel("Share that cost no pass", RATIO, "Of the responses answered. Of the whole fleet.", (f"job:assay_reused_responses:ratio5m{{{FLEET}}}", "{{namespace}}"), size=(12, 8)),
        panel("Batches", PER_SECOND, "Forward passes per second.", (f"sum by (instance) ({rate('assay_batches_total')})", "{{instance}}"), size=(12, 8)),
    ]),
    ("Tenants", [
        panel("Requests by tenant", REQUESTS, "The ten that send most; a replica names its first hundred, the rest are \"other\".",
              (f"topk(10, sum by (tenant) ({rate('assay_tenant_requests_total')}))", "{{tenant}}"), size=(16, 8), stacked=True),
        panel("Share of the largest tenant", RATIO, "Tenants share devices evenly by tokens, however many requests one sends.",
              (f"max(sum by (tenant) ({rate('assay_tenant_requests_total')})) / (sum({rate('assay_tenant_requests_total')}) > 0)", "largest")),
    ]),
    ("The fleet, by replica", [
        panel("Health", COUNT, "1 while the replica is serving; 0 while it stops or is unhealthy.", (f'assay_health{{{CHOSEN},state="serving"}}', "{{instance}}"), kind="state-timeline"),
        panel("Requests by replica", REQUESTS, "Even, where callers balance; with affinity by prompt, roughly.", (f"sum by (instance) ({rate('assay_requests_total', SCORING)})", "{{instance}}")),
        panel("Queued tokens by replica", COUNT, "One that stands out is slow, or is sent too much.", (f"assay_queued_tokens{{{CHOSEN}}}", "{{instance}}")),
        panel("Measured speed by replica", PER_SECOND, "Computed tokens per second of the replica's devices; admission predicts with it.", (f"assay_tokens_per_second{{{CHOSEN}}}", "{{instance}}")),
        panel("Resident memory", BYTES, "On a CPU the weights are in it.", (f"process_resident_memory_bytes{{{CHOSEN}}}", "{{instance}}")),
        panel("CPU", COUNT, "Cores that the process keeps busy.", (rate("process_cpu_seconds_total"), "{{instance}}")),
        panel("Open files", COUNT, "Connections are among them.", (f"process_open_fds{{{CHOSEN}}}", "{{instance}}")),
        panel("Uptime", SECONDS, "Since the replica listens.", (f"assay_uptime_seconds{{{CHOSEN}}}", "{{instance}}")),
        panel("Restarts", COUNT, "Of the processes, in an hour.", (f"changes(process_start_time_seconds{{{CHOSEN}}}[1h])", "{{instance}}")),
        panel("Models and versions", COUNT, "What each replica serves.", (f"assay_model_info{{{CHOSEN}}} * on (instance) group_left (version) assay_build_info{{{CHOSEN}}}",
                                                                         "{{instance}} {{version}} {{name}} {{revision}} {{dtype}}"), kind="table", size=(12, 8)),
        panel("Certificate's time left", SECONDS, "A new one is taken over without a restart.", (f"assay_certificate_expiry_timestamp_seconds{{{CHOSEN}}} - time()", "{{instance}}"),
              size=(6, 8), needs="TLS"),
        panel("Files found wrong", COUNT, "1 while a certificate or a file of tokens that changed cannot be taken over.", (f"assay_reload_failed{{{CHOSEN}}}", "{{instance}} {{file}}"),
              size=(6, 8), needs="TLS or tokens"),
    ]),
]


def thresholds(limits, worst):
    colours = (GREEN, YELLOW, RED) if worst == "high" else (RED, YELLOW, GREEN)
    if not limits:
        return {"mode": "absolute", "steps": [{"color": GREEN, "value": None}]}
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in zip(colours, (None, *limits))]}


def options_of(kind):
    if kind == "stat":
        return {"colorMode": "value", "graphMode": "area", "textMode": "auto", "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    if kind == "timeseries":
        return {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}
    if kind == "heatmap":
        return {"calculate": False, "yAxis": {"unit": SECONDS}, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64}, "cellGap": 1}
    return {}


def panel_json(number, given, x, y):
    custom = {"fillOpacity": 20 if given["stacked"] else 0, "lineWidth": 1, "showPoints": "never",
              "stacking": {"group": "A", "mode": "normal" if given["stacked"] else "none"},
              "thresholdsStyle": {"mode": "line" if given["limits"] else "off"}} if given["kind"] == "timeseries" else {}
    made = {
        "id": number, "type": given["kind"], "title": given["title"], "description": given["description"], "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": y, "w": given["size"][0], "h": given["size"][1]},
        "fieldConfig": {"defaults": {"unit": given["unit"], "min": 0, "thresholds": thresholds(given["limits"], given["worst"]), "custom": custom}, "overrides": []},
        "options": options_of(given["kind"]),
        "targets": [{"refId": chr(ord("A") + i), "datasource": DATASOURCE, "expr": expression, "legendFormat": legend, "range": given["kind"] != "table",
                     "instant": given["kind"] == "table", "format": {"table": "table", "heatmap": "heatmap"}.get(given["kind"], "time_series")}
                    for i, (expression, legend) in enumerate(given["queries"])]}
    if given["kind"] == "table":
        made["transformations"] = [{"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True, "job": True, "heads": True}}}]
    return made


def panels_json():
    made, y = [], 0
    for title, panels in ROWS:
        made.append({"id": len(made) + 1, "type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}})
        x, y, height = 0, y + 1, 0
        for given in panels:
            if x + given["size"][0] > COLUMNS:
                x, y, height = 0, y + height, 0
            made.append(panel_json(len(made) + 1, given, x, y))
            x, height = x + given["size"][0], max(height, given["size"][1])
        y += height
    return made


def variable(name, label, query):
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "query": {"query": query, "refId": name}, "definition": query,
            "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}


def dashboard():
    return {
        "uid": "assay", "title": "Assay", "description": "Reward model scoring: is it well, what is the load, what do devices do.", "tags": ["assay"],
        "schemaVersion": 39, "version": 1, "editable": True, "graphTooltip": 1, "refresh": "30s", "timezone": "browser", "time": {"from": "now-3h", "to": "now"},
        "annotations": {"list": []}, "links": [],
        "templating": {"list": [
            {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {}, "refresh": 1},
            variable("namespace", "Namespace", "label_values(assay_uptime_seconds, namespace)"),
            variable("job", "Job", 'label_values(assay_uptime_seconds{namespace=~"$namespace"}, job)'),
            variable("instance", "Replica", f"label_values(assay_uptime_seconds{{{FLEET}}}, instance)")]},
        "panels": panels_json()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="[deploy/monitoring/dashboard.json]")
    output = parser.parse_args().output
    try:
        output.write_text(json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        sys.exit(f"make_dashboard: {output}: {error.strerror}; name a file that can be written with --output")


if __name__ == "__main__":
    main()
