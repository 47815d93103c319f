// assay-forward: the engine alone, without gRPC: scores the rows of data files and measures tokens per second.

#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "base/clock.h"
#include "base/jsonl_reader.h"
#include "base/status_macros.h"
#include "model/forward_run.h"
#include "model/load_model.h"

namespace {

constexpr char kFooter[] = R"(
Rows, one JSON object a line, in plain or gzipped files:
  {"messages": [...]}  {"prompt", "responses"}  {"prompt", "chosen", "rejected"}  {"input_ids": [...]}

Example:
  assay-forward --model models/armorm-mini --data data/helpful_base.jsonl.gz --limit 50
  assay-forward --model models/armorm-mini --plan

Exit codes: 0 done; 1 the model or a file cannot be read or written; 3 done, but some rows have an
error; other codes: wrong flags.)";

struct Flags {
  assay::LoadOptions load;
  std::vector<std::string> data;
  std::string output;
  int64_t limit = 0;
  int64_t batch_tokens = 4096;
  bool no_sharing = false;
  bool plan = false;
};

void Describe(CLI::App& app, Flags& flags) {
  app.footer(kFooter);
  app.add_option("--model", flags.load.folder, "Checkpoint folder")->required();
  CLI::Option_group* const what = app.add_option_group("What to do");
  what->add_option("--data", flags.data, "File of rows, - for standard input; may be repeated");
  what->add_flag("--plan", flags.plan,
                 "Only print what each dtype would take of the memory; reads config.json alone");
  what->require_option(1);
  app.add_option("--output", flags.output, "File for one JSON line a response; default: none");
  app.add_option("--limit", flags.limit, "Rows to read, of all files together; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--batch-tokens", flags.batch_tokens, "Tokens that make a batch")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--device", flags.load.devices.front(), "auto, cpu, cuda or cuda:N")
      ->capture_default_str();
  app.add_option("--dtype", flags.load.dtype,
                 "Of the trunk: auto (bfloat16), bfloat16, float32, int8 (CPU), fp8 (GPU)")
      ->capture_default_str();
  app.add_option("--heads", flags.load.heads, "precise (float32) or reference (the trunk's dtype)")
      ->capture_default_str();
  app.add_option("--chat-template", flags.load.chat_template, "auto, llama3 or chatml")
      ->capture_default_str();
  app.add_option("--threads", flags.load.cpu_threads, "CPU threads; 0: one for each core")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--workers", flags.load.workers,
                 "Batches at a time on each device; 0: two, or one on a CPU of one thread")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--deterministic", flags.load.deterministic,
               "On CUDA: scores whose bits do not depend on their batch");
  app.add_flag("--no-sharing", flags.no_sharing, "Compute each conversation whole");
}

// The first pass sets a device up (its libraries, its memory) and is not what is to be measured.
void WarmUp(assay::Scorer& scorer) {
  const assay::PromptGroup group{.prefix = {},
                                 .responses = {{.tokens = assay::TokenIds(16, 0), .gate_at = 0}}};
  scorer.ScoreBatch({&group, 1});
}

std::vector<assay::Scorer*> Borrow(const std::vector<std::unique_ptr<assay::Scorer>>& scorers) {
  std::vector<assay::Scorer*> borrowed;
  for (const auto& scorer : scorers) borrowed.push_back(scorer.get());
  return borrowed;
}

absl::Status ReadRows(const Flags& flags, assay::ForwardRun& run) {
  int64_t rows = 0;
  for (const std::string& path : flags.data) {
    ASSAY_ASSIGN_OR_RETURN(const auto reader, assay::JsonlReader::Open(path));
    while (flags.limit == 0 || rows < flags.limit) {
      ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
      if (!line.has_value()) break;
      run.Add(*line);
      ++rows;
    }
  }
  run.Flush();
  return absl::OkStatus();
}

void Say(const std::string& text) { std::cerr << "assay-forward: " << text << std::endl; }

// Number of rows with an error.
absl::StatusOr<int64_t> Run(Flags flags) {
  flags.load.share_prefixes = !flags.no_sharing;
  flags.load.batch_tokens = flags.batch_tokens;
  if (flags.plan) {
    ASSAY_ASSIGN_OR_RETURN(const std::string plan, assay::PlanModel(flags.load));
    std::cout << plan << std::flush;
    return 0;
  }
  ASSAY_ASSIGN_OR_RETURN(const assay::LoadedModel model, assay::LoadModel(flags.load));
  for (const std::string& warning : model.warnings) Say(warning);
  std::ofstream file;
  if (!flags.output.empty()) file.open(flags.output, std::ios::trunc);
  if (file.fail()) return absl::PermissionDeniedError("cannot write " + flags.output);

  assay::ForwardRun run({.batch_tokens = flags.batch_tokens,
                         .share_prefixes = flags.load.share_prefixes,
                         .gate_pattern = model.config.gate_pattern},
                        model.encoder.get(), Borrow(model.scorers), assay::Clock::Real(),
                        file.is_open() ? &file : nullptr);
  for (const auto& scorer : model.scorers) WarmUp(*scorer);
  ASSAY_RETURN_IF_ERROR(ReadRows(flags, run));
  file.flush();
  if (file.fail()) return absl::DataLossError("cannot write all of " + flags.output);
  std::cout << model.info.name << " on " << model.info.device << ", " << model.info.dtype << ", "
            << model.info.heads << " heads: " << run.Summary() << std::endl;
  return run.errors();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Scores the rows of data files with a reward model, without a server.");
  Flags flags;
  Describe(app, flags);
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<int64_t> errors = Run(flags);
  if (!errors.ok()) {
    Say(std::string(errors.status().message()));
    return 1;
  }
  return *errors > 0 ? 3 : 0;
}
