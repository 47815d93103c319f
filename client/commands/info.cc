#include "client/commands/info.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/scoring_flags.h"
#include "client/figures.h"
#include "client/json_row.h"
#include "client/text_table.h"

namespace assay::client {
namespace {

constexpr const char* kExample = R"(Example:
  assay info --address 127.0.0.1:50051 --format json

Exit code: 0 the server answered; 1 it did not; 2 bad usage.)";

std::string StateOf(const Counters& counters) {
  return counters.queued_tokens == 0
             ? "answering, nothing queued"
             : absl::StrCat("answering, ", CountOf(counters.queued_tokens, "token"), " queued");
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

Json FiguresJson(const ErrorFigures& figures) {
  return {{"n", figures.n},
          {"largest", figures.largest},
          {"percentile_99", figures.percentile_99},
          {"rms", figures.rms}};
}

// Null where it was not measured.
Json ScoreErrorJson(const std::optional<ScoreError>& error) {
  if (!error.has_value()) return nullptr;
  return {{"score", FiguresJson(error->score)},
          {"margin", FiguresJson(error->margin)},
          {"data", error->data},
          {"measured_on", error->measured_on}};
}

std::string RenderText(const ModelInfo& model, const std::string& address) {
  TextTable table({{"server", TextTable::Align::kLeft}, {address, TextTable::Align::kLeft}});
  const auto add = [&](const char* name, std::string value) {
    table.AddRow({name, std::move(value)});
  };
  const Limits& limits = model.limits;
  const Counters& counters = model.counters;
  add("state", StateOf(counters));
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
  return table.Render();
}

Json RenderJson(const ModelInfo& model, const std::string& address) {
  const Limits& limits = model.limits;
  const Counters& counters = model.counters;
  return {{"address", address},
          {"state", "answering"},
          {"name", model.name},
          {"revision", model.revision},
          {"weights_hash", model.weights_hash},
          {"config_hash", model.config_hash},
          {"tokenizer_hash", model.tokenizer_hash},
          {"template_hash", model.template_hash},
          {"architecture", model.architecture},
          {"objectives", model.objectives},
          {"chat_template", model.chat_template},
          {"dtype", model.dtype},
          {"heads", model.heads},
          {"devices", model.devices},
          {"score_error", ScoreErrorJson(model.score_error)},
          {"limits",
           {{"max_tokens", limits.max_tokens},
            {"max_messages", limits.max_messages},
            {"max_responses", limits.max_responses},
            {"max_text_bytes", limits.max_text_bytes},
            {"max_request_bytes", limits.max_request_bytes},
            {"max_in_flight_per_stream", limits.max_in_flight_per_stream},
            {"max_queued_tokens", limits.max_queued_tokens},
            {"max_batch_tokens", limits.max_batch_tokens}}},
          {"counters",
           {{"requests", counters.requests},
            {"responses", counters.responses},
            {"batches", counters.batches},
            {"batched_groups", counters.batched_groups},
            {"batched_responses", counters.batched_responses},
            {"max_batch_groups", counters.max_batch_groups},
            {"input_tokens", counters.input_tokens},
            {"computed_tokens", counters.computed_tokens},
            {"forward_ns", absl::ToInt64Nanoseconds(counters.forward)},
            {"queued_tokens", counters.queued_tokens}}}};
}

}  // namespace

CLI::App* AddInfoCommand(CLI::App* app, InfoFlags* flags) {
  CLI::App* command =
      app->add_subcommand("info", "Show the model on a server, its limits and its counters");
  command->footer(kExample);
  AddAddressFlag(command, &flags->address);
  command
      ->add_option_function<std::string>(
          "--format", [flags](const std::string& f) { flags->json = f == "json"; },
          "What goes to standard output")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("{text,json} [text]");
  AddConnectionFlags(command, &flags->connection);
  return command;
}

int RunInfo(const InfoFlags& flags, const Streams& streams) {
  const absl::StatusOr<Contact> contact = ReachServer(flags.address, flags.connection);
  if (!contact.ok()) return Fail(streams, contact.status());
  if (flags.json) {
    *streams.out << RenderJson(contact->model, flags.address)
                        .dump(2, ' ', false, Json::error_handler_t::replace)
                 << '\n';
  } else {
    *streams.out << RenderText(contact->model, flags.address);
  }
  streams.out->flush();
  return streams.out->good()
             ? kExitFine
             : Fail(streams, absl::DataLossError("standard output could not be written"));
}

}  // namespace assay::client
