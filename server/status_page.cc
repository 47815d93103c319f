#include "server/status_page.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/html_escape.h"
#include "server/batch_chart.h"
#include "server/page_text.h"
#include "server/status_page_style.h"

namespace assay {
namespace {

// From here on a queue is shown as filling up: new requests are about to be refused.
constexpr double kHot = 0.8;

const char* CssOf(WorkerCondition condition) {
  switch (condition) {
    case WorkerCondition::kIdle:
      return "none";
    case WorkerCondition::kRunning:
      return "good";
    case WorkerCondition::kStuck:
      return "warn";
    case WorkerCondition::kBroken:
      return "bad";
  }
  return "";
}

// A row of a list of facts; `value` is a text, not HTML.
std::string Fact(absl::string_view name, absl::string_view value, absl::string_view css = "") {
  return absl::StrCat("<dt>", name, "</dt><dd class=\"", css, "\">", EscapeHtml(value), "</dd>");
}

// `css` is the section's width: "third", "" (half) or "whole".
std::string Section(absl::string_view title, absl::string_view css, absl::string_view content) {
  return absl::StrCat("<section class=\"", css, "\"><h2>", title, "</h2>", content, "</section>");
}

std::string Meter(int64_t value, int64_t limit) {
  const double part =
      limit > 0 ? std::clamp(static_cast<double>(value) / static_cast<double>(limit), 0.0, 1.0)
                : 0.0;
  return absl::StrFormat(
      "<svg class=\"meter%s\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"%.0f %% of the limit\"><rect class=\"track\" width=\"100\" height=\"10\"/>"
      "<rect class=\"fill\" width=\"%.2f\" height=\"10\"/></svg>",
      part >= kHot ? " hot" : "", part * 100, part * 100);
}

std::string Header(const StatusPageInput& in) {
  const char* const health = NameOf(in.state.health);
  return absl::StrCat("<header><h1>", EscapeHtml(in.model.name), "</h1><span class=\"badge ",
                      health, "\">", health, "</span><p>Assay ", ASSAY_VERSION, " on ",
                      EscapeHtml(in.address), ", up for ", ShortDuration(in.state.uptime),
                      "</p></header>");
}

std::string QueueSection(const StatusPageInput& in) {
  const SchedulerState& scheduler = in.state.pipeline.scheduler;
  return Section(
      "Queue", "third",
      absl::StrCat("<div class=\"big\">", Grouped(scheduler.queued_tokens), " <small>of ",
                   Grouped(in.options.max_queued_tokens), " tokens</small></div>",
                   Meter(scheduler.queued_tokens, in.options.max_queued_tokens), "<dl>",
                   Fact("Requests waiting", Grouped(scheduler.queued_tasks)),
                   Fact("Predicted wait", ShortDuration(scheduler.predicted_wait)),
                   Fact("Text before encoders",
                        absl::StrCat(BinarySize(in.state.pipeline.waiting_bytes), " of ",
                                     BinarySize(in.options.max_waiting_bytes))),
                   "</dl>"));
}

std::string WorkSection(const StatusPageInput& in) {
  const PipelineState& pipeline = in.state.pipeline;
  const SchedulerCounters& counters = pipeline.scheduler.counters;
  const std::string sharing =
      counters.computed_tokens > 0
          ? absl::StrFormat("%.2f ×", static_cast<double>(counters.input_tokens) /
                                          static_cast<double>(counters.computed_tokens))
          : "–";
  return Section(
      "Work", "third",
      absl::StrCat("<div class=\"big\">",
                   Grouped(static_cast<int64_t>(pipeline.scheduler.tokens_per_second)),
                   " <small>tokens/s lately</small></div><dl>",
                   Fact("Requests", Grouped(pipeline.requests)),
                   Fact("Responses scored", Grouped(counters.responses)),
                   Fact("Batches", Grouped(counters.batches)),
                   Fact("Tokens computed", Grouped(counters.computed_tokens)),
                   Fact("Sharing ratio", sharing),
                   Fact("From the cache", Grouped(pipeline.cached_responses)),
                   Fact("By an equal one's pass", Grouped(pipeline.coalesced_responses)), "</dl>"));
}

std::string NotTakenSection(const StatusPageInput& in) {
  std::string facts;
  const auto append = [&facts](const char* what,
                               const std::vector<std::pair<std::string, int64_t>>& counts) {
    for (const auto& [name, n] : counts) {
      absl::StrAppend(
          &facts, Fact(EscapeHtml(absl::StrCat(what, name)), Grouped(n), n > 0 ? "bad" : "none"));
    }
  };
  append("Refused: ", in.refusals);
  append("Late: ", in.deadline_misses);
  return Section("Refusals and missed deadlines", "third", absl::StrCat("<dl>", facts, "</dl>"));
}

std::string WorkersSection(const StatusPageInput& in) {
  std::string rows;
  for (const WorkerState& worker : in.state.pipeline.scheduler.workers) {
    absl::StrAppend(&rows, "<tr><td>", EscapeHtml(worker.device), "</td><td class=\"",
                    CssOf(worker.condition), "\">", NameOf(worker.condition),
                    "</td><td class=\"n\">", ShortDuration(worker.since), "</td><td class=\"n\">",
                    Grouped(worker.batches), "</td></tr>");
  }
  if (rows.empty()) return "";
  return Section("Workers", "whole",
                 absl::StrCat("<table><thead><tr><th>Device</th><th>State</th><th class=\"n\">"
                              "For</th><th class=\"n\">Batches</th></tr></thead><tbody>",
                              rows, "</tbody></table>"));
}

std::string BatchesSection(const StatusPageInput& in) {
  std::string content = BatchChart(in.batches, in.now);
  if (!in.batches.empty()) {
    absl::StrAppend(&content, "<details open><summary>As a table, newest first</summary>",
                    BatchTable(in.batches, in.now), "</details>");
  }
  return Section(absl::StrCat("Last batches (", in.batches.size(), ")"), "whole", content);
}

std::string ModelSection(const StatusPageInput& in) {
  const ModelInfo& model = in.model;
  std::string content = absl::StrCat(
      "<dl class=\"left\">", Fact("Name", model.name), Fact("Architecture", model.architecture),
      Fact("Dtype", model.dtype), Fact("Heads", model.heads), Fact("Device", model.device),
      Fact("Chat template", model.chat_template),
      Fact("Objectives", Grouped(static_cast<int64_t>(model.objectives.size()))),
      Fact("Revision", model.revision, "hash"), Fact("Weights", model.weights_hash, "hash"),
      Fact("Config", model.config_hash, "hash"), Fact("Tokenizer", model.tokenizer_hash, "hash"),
      Fact("Template", model.template_hash, "hash"), "</dl>");
  return Section("Model", "", content);
}

std::string LimitsSection(const StatusPageInput& in) {
  const ServerOptions& options = in.options;
  return Section(
      "Limits", "",
      absl::StrCat("<dl>", Fact("Tokens of a conversation", Grouped(in.model.max_tokens)),
                   Fact("Messages of a request", Grouped(options.max_messages)),
                   Fact("Responses of a request", Grouped(options.max_responses)),
                   Fact("Size of one text", BinarySize(options.max_text_bytes)),
                   Fact("Size of a request", BinarySize(options.max_request_bytes)),
                   Fact("In flight per stream", Grouped(options.max_in_flight_per_stream)),
                   Fact("Tokens of a batch", Grouped(options.max_batch_tokens)),
                   Fact("Tokens in the queue", Grouped(options.max_queued_tokens)),
                   Fact("Text before encoders", BinarySize(options.max_waiting_bytes)), "</dl>"));
}

std::string SettingsSection(const StatusPageInput& in) {
  if (in.settings.empty()) return "";
  std::string rows;
  for (const Setting& setting : in.settings) {
    absl::StrAppend(&rows, "<tr class=\"", setting.source == "default" ? "default" : "", "\"><td>",
                    EscapeHtml(setting.name), "</td><td>", EscapeHtml(setting.value), "</td><td>",
                    EscapeHtml(setting.source), "</td></tr>");
  }
  return Section("Settings in force", "whole",
                 absl::StrCat("<table class=\"set\"><thead><tr><th>Name</th><th>Value</th>"
                              "<th>From</th></tr></thead><tbody>",
                              rows, "</tbody></table>"));
}

}  // namespace

std::string StatusPage(const StatusPageInput& in) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta http-equiv=\"refresh\" content=\"5\"><title>",
      NameOf(in.state.health), ": ", EscapeHtml(in.model.name), "</title><style>", kStatusPageStyle,
      "</style></head><body><main>", Header(in), QueueSection(in), WorkSection(in),
      NotTakenSection(in), WorkersSection(in), BatchesSection(in), ModelSection(in),
      LimitsSection(in), SettingsSection(in), "<footer>As of ",
      absl::FormatTime("%Y-%m-%d %H:%M:%S", in.now, absl::UTCTimeZone()),
      " UTC, renewed every 5 seconds. Counts are since the start. For machines: "
      "<a href=\"/metrics\">/metrics</a>, <a href=\"/healthz\">/healthz</a>.</footer>"
      "</main></body></html>\n");
}

}  // namespace assay
