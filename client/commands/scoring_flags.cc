#include "client/commands/scoring_flags.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <map>

#include "client/truncation_name.h"

namespace assay::client {
namespace {

// An option that takes one of the names in `values`.
template <typename Value>
void AddChoice(CLI::App* command, const char* flag, const char* help,
               const std::map<std::string, Value>& values, Value* value) {
  std::vector<std::string> names;
  std::string current;
  for (const auto& [name, meaning] : values) {
    names.push_back(name);
    if (meaning == *value) current = name;
  }
  command
      ->add_option_function<std::string>(
          flag, [values, value](const std::string& name) { *value = values.at(name); }, help)
      ->check(CLI::IsMember(names))
      ->option_text("{" + CLI::detail::join(names, ",") + "} [" + current + "]");
}

// A range check lets NaN pass.
CLI::Validator IsANumber() {
  return CLI::Validator(
      [](std::string& text) {
        return std::isnan(std::atof(text.c_str())) ? "not a number: " + text : std::string();
      },
      "");
}

}  // namespace

ScoreRequest ScoringFlags::Request(const std::string& revision) const {
  ScoreRequest request;
  request.detail = detail;
  request.truncation = truncation;
  request.max_tokens = max_tokens;
  request.model_revision = revision;
  return request;
}

void AddAddressFlag(CLI::App* command, std::string* address) {
  command
      ->add_option("--address", *address,
                   "The server; dns:///NAME:PORT: all addresses of the name, as they come and\n"
                   "go; several, of one model, with commas between them\n"
                   "(environment: ASSAY_ADDRESS)")
      ->envname("ASSAY_ADDRESS")
      ->option_text("HOST:PORT,... [" + *address + "]");
}

void AddAffinityFlag(CLI::App* command, Affinity* affinity) {
  AddChoice<Affinity>(
      command, "--affinity",
      "Of several servers, take the next in turn, or for one prompt the same, which\n"
      "computes it once for all requests that wait with it",
      {{"none", Affinity::kNone}, {"prompt", Affinity::kPrompt}}, affinity);
}

void AddFormatFlag(CLI::App* command, const std::string& text, bool* json) {
  command
      ->add_option_function<std::string>(
          "--format", [json](const std::string& format) { *json = format == "json"; },
          "What goes to standard output")
      ->check(CLI::IsMember({text, std::string("json")}))
      ->option_text("{" + text + ",json} [" + text + "]");
}

void AddScoringFlags(CLI::App* command, ScoringFlags* flags) {
  AddChoice<Detail>(command, "--detail", "Only the score, or also the model's objectives",
                    {{"score", Detail::kScore}, {"objectives", Detail::kObjectives}},
                    &flags->detail);
  AddChoice<Truncation>(command, "--truncation",
                        "A conversation over --max-tokens is an error, or loses its start\n"
                        "(keep-end) or its end (keep-start), and with it its true score",
                        TruncationsByName(), &flags->truncation);
  command
      ->add_option("--max-tokens", flags->max_tokens,
                   "Longest conversation, in tokens; 0: the server's limit")
      ->check(CLI::Range(0, 1 << 30))
      ->option_text("N [0]");
  command
      ->add_option(
          "--in-flight", flags->in_flight,
          "Rows sent to each server and not yet answered, at most\n(environment: ASSAY_IN_FLIGHT)")
      ->check(CLI::Range(int64_t{1}, BulkOptions::kLargestInFlight))
      ->envname("ASSAY_IN_FLIGHT")
      ->option_text("N [64]");
  command
      ->add_option_function<double>(
          "--timeout", [flags](double seconds) { flags->timeout = absl::Seconds(seconds); },
          "Longest time from the reading of a row to its score, retries\n"
          "included, and longest silence of the server\n(environment: ASSAY_TIMEOUT)")
      ->check(CLI::Range(0.001, 1e6) & IsANumber())
      ->envname("ASSAY_TIMEOUT")
      ->option_text("SECONDS [300]");
  AddConnectionFlags(command, &flags->connection);
}

}  // namespace assay::client
