#include "client/info_report.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/figures.h"
#include "client/model_identity.h"
#include "client/text_table.h"

namespace assay::client {
namespace {

// Servers that do not tell their health answer all the same.
std::string HealthOf(const State& state) {
  if (state.health.empty()) return "answering";
  return absl::StrCat(state.health, ", up ", Span(state.uptime));
}

std::string QueueOf(const ModelInfo& model) {
  const State& state = model.state;
  if (state.health.empty()) return CountOf(model.counters.queued_tokens, "token");
  if (state.queued_requests == 0 && state.queued_tokens == 0) return "empty";
  std::string queue = absl::StrCat(CountOf(state.queued_requests, "request"), ", ",
                                   CountOf(state.queued_tokens, "token"));
  if (state.tokens_per_second > 0) {
    absl::StrAppend(&queue, ", ", Span(state.predicted_wait), " to wait");
  }
  return queue;
}

std::string SpeedOf(const State& state) {
  if (state.tokens_per_second <= 0) return "not measured yet";
  return absl::StrCat(Count(std::llround(state.tokens_per_second)), " tokens/s, lately");
}

std::string WorkersTable(const std::vector<Worker>& workers) {
  TextTable table({{"worker", TextTable::Align::kLeft},
                   {"state", TextTable::Align::kLeft},
                   {"for"},
                   {"batches"}});
  for (const Worker& worker : workers) {
    table.AddRow({worker.device, worker.state, Span(worker.since), Count(worker.batches)});
  }
  return table.Render();
}

// Empty where nothing is to be shown.
std::string SettingsTable(const std::vector<Setting>& settings, Settings shown) {
  TextTable table({{"setting", TextTable::Align::kLeft},
                   {"value", TextTable::Align::kLeft},
                   {"from", TextTable::Align::kLeft}});
  bool any = false;
  for (const Setting& setting : settings) {
    if (shown == Settings::kChanged && setting.source == "default") continue;
    table.AddRow({setting.name, setting.value, setting.source});
    any = true;
  }
  return any ? table.Render() : "";
}

std::string Describe(const ErrorFigures& figures) {
  return absl::StrCat("99 of 100 within ", Rounded(figures.percentile_99), ", all within ",
                      Rounded(figures.largest), ", rms ", Rounded(figures.rms), " (",
                      Count(figures.n), " measured)");
}

// Rows on how far the scores lie from float32's.
void AddScoreError(const ModelInfo& model, TextTable* table) {
  if (!model.score_error.has_value()) {
    table->AddRow({"score error", "not measured"});
    return;
  }
  const ScoreError& error = *model.score_error;
  if (error.score.n == 0) {
    table->AddRow({"score error", "none: errors are measured against float32"});
    return;
  }
  table->AddRow({"score error", Describe(error.score)});
  table->AddRow({"margin error", Describe(error.margin)});
  table->AddRow({"measured on", error.measured_on});
  for (const std::string& name : error.data) table->AddRow({"", name});
}

Json StateJson(const State& state) {
  Json workers = Json::array();
  for (const Worker& worker : state.workers) {
    workers.push_back({{"device", worker.device},
                       {"state", worker.state},
                       {"since_ns", absl::ToInt64Nanoseconds(worker.since)},
                       {"batches", worker.batches}});
  }
  return {{"health", state.health},
          {"uptime_ns", absl::ToInt64Nanoseconds(state.uptime)},
          {"queued_tokens", state.queued_tokens},
          {"queued_requests", state.queued_requests},
          {"tokens_per_second", state.tokens_per_second},
          {"predicted_wait_ns", absl::ToInt64Nanoseconds(state.predicted_wait)},
          {"workers", workers}};
}

Json SettingsJson(const std::vector<Setting>& settings) {
  Json list = Json::array();
  for (const Setting& setting : settings) {
    list.push_back({{"name", setting.name}, {"value", setting.value}, {"source", setting.source}});
  }
  return list;
}

}  // namespace

std::string InfoText(const ModelInfo& model, const std::string& address, Settings shown) {
  TextTable table({{"server", TextTable::Align::kLeft}, {address, TextTable::Align::kLeft}});
  const auto add = [&](const char* name, std::string value) {
    table.AddRow({name, std::move(value)});
  };
  const Limits& limits = model.limits;
  const Counters& counters = model.counters;
  add("state", HealthOf(model.state));
  add("queue", QueueOf(model));
  add("speed", SpeedOf(model.state));
  table.AddRule();
  add("model", model.name);
  add("architecture", model.architecture);
  add("objectives",
      model.objectives.empty() ? "none: one scalar head" : absl::StrJoin(model.objectives, ", "));
  add("chat template", model.chat_template);
  add("dtype", absl::StrCat(model.dtype, ", ", model.heads, " heads"));
  add("devices", absl::StrJoin(model.devices, ", "));
  AddScoreError(model, &table);
  table.AddRule();
  add("revision", model.revision);
  add("weights hash", model.weights_hash);
  add("config hash", model.config_hash);
  add("tokenizer hash", model.tokenizer_hash);
  add("template hash", model.template_hash);
  table.AddRule();
  add("longest conversation", CountOf(limits.max_tokens, "token"));
  add("most messages", Count(limits.max_messages));
  add("most responses", Count(limits.max_responses));
  add("longest text", CountOf(limits.max_text_bytes, "byte"));
  add("largest request", CountOf(limits.max_request_bytes, "byte"));
  add("in flight a stream", CountOf(limits.max_in_flight_per_stream, "request"));
  add("longest queue", CountOf(limits.max_queued_tokens, "token"));
  add("largest batch", CountOf(limits.max_batch_tokens, "token"));
  table.AddRule();
  add("requests", Count(counters.requests));
  add("responses scored", Count(counters.responses));
  add("batches", absl::StrCat(Count(counters.batches), ", at most ",
                              CountOf(counters.max_batch_groups, "prompt"), " in one"));
  add("tokens", absl::StrCat(Count(counters.input_tokens), ", computed ",
                             Count(counters.computed_tokens), " after sharing"));
  add("forward passes", absl::StrCat(Span(counters.forward), ", ",
                                     Rate(counters.input_tokens, counters.forward), " tokens/s"));
  add("without a pass", absl::StrCat(Count(counters.cached_responses), " from the cache, ",
                                     Count(counters.coalesced_responses), " shared"));
  std::string text = table.Render();
  if (!model.state.workers.empty()) absl::StrAppend(&text, "\n", WorkersTable(model.state.workers));
  const std::string settings = SettingsTable(model.settings, shown);
  if (!settings.empty()) absl::StrAppend(&text, "\n", settings);
  return text;
}

Json InfoJson(const ModelInfo& model, const std::string& address) {
  const Limits& limits = model.limits;
  const Counters& counters = model.counters;
  Json json = {{"address", address}, {"state", StateJson(model.state)}};
  json.update(ModelIdentityJson(model));
  json["limits"] = {{"max_tokens", limits.max_tokens},
                    {"max_messages", limits.max_messages},
                    {"max_responses", limits.max_responses},
                    {"max_text_bytes", limits.max_text_bytes},
                    {"max_request_bytes", limits.max_request_bytes},
                    {"max_in_flight_per_stream", limits.max_in_flight_per_stream},
                    {"max_queued_tokens", limits.max_queued_tokens},
                    {"max_batch_tokens", limits.max_batch_tokens}};
  json["counters"] = {{"requests", counters.requests},
                      {"responses", counters.responses},
                      {"batches", counters.batches},
                      {"batched_groups", counters.batched_groups},
                      {"batched_responses", counters.batched_responses},
                      {"max_batch_groups", counters.max_batch_groups},
                      {"input_tokens", counters.input_tokens},
                      {"computed_tokens", counters.computed_tokens},
                      {"forward_ns", absl::ToInt64Nanoseconds(counters.forward)},
                      {"queued_tokens", counters.queued_tokens},
                      {"cached_responses", counters.cached_responses},
                      {"coalesced_responses", counters.coalesced_responses}};
  json["settings"] = SettingsJson(model.settings);
  return json;
}

}  // namespace assay::client
