// assay-precision: how far each dtype's scores lie from float32's, on real text, into the checkpoint's precision.json.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "model/devices.h"
#include "model/load_model.h"
#include "model/precision_file.h"
#include "model/precision_run.h"
#include "model/score_error.h"

namespace {

constexpr char kFooter[] = R"(
Scores every conversation of the data in float32 and in each --dtype, with each of --heads, on one
device, and writes the differences: of the scores, and of the margins between the first response to
a prompt and each other one. A server reads the file when it loads the folder. What the file says of
other dtypes, heads and kinds of device is kept where it is about the same weights.

Rows, one JSON object a line, in plain or gzipped files:
  {"prompt", "chosen", "rejected"}  {"prompt", "responses"}  {"messages": [...]}  {"input_ids": [...]}

Example:
  assay-precision --model models/armorm-mini --data data/helpful_base.jsonl.gz --limit 50

Exit codes: 0 measured; 1 the model or a file cannot be read or written; other codes: wrong flags.)";

constexpr char kReference[] = "float32";

struct Flags {
  assay::LoadOptions load;
  std::vector<std::string> data;
  std::vector<std::string> dtypes = {"bfloat16"};
  std::vector<std::string> heads = {"precise"};
  std::string output;
  int64_t limit = 0;
  int64_t batch_tokens = 4096;
};

void Describe(CLI::App& app, Flags& flags) {
  app.footer(kFooter);
  app.add_option("--model", flags.load.folder, "Checkpoint folder")->required();
  app.add_option("--data", flags.data, "File of rows; may be repeated")->required();
  app.add_option("--limit", flags.limit, "Rows to read of each file; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--dtype", flags.dtypes, "Of the trunk; may be repeated")->capture_default_str();
  app.add_option("--heads", flags.heads, "precise, reference; may be repeated")
      ->capture_default_str();
  app.add_option("--output", flags.output, "Default: precision.json in the checkpoint folder");
  app.add_option("--device", flags.load.devices.front(), "auto, cpu, cuda or cuda:N")
      ->capture_default_str();
  app.add_option("--batch-tokens", flags.batch_tokens, "Tokens that make a batch")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--threads", flags.load.cpu_threads, "CPU threads; 0: one for each core")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

std::string Line(const std::string& what, const assay::ErrorFigures& figures) {
  return absl::StrFormat("%s of %d: largest %.3g, 99th percentile %.3g, rms %.3g", what, figures.n,
                         figures.largest, figures.percentile_99, figures.rms);
}

// Names of files without their folders: a report is not about where they were.
std::vector<std::string> NamesOf(const std::vector<std::string>& paths, int64_t limit) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    const std::string name = std::filesystem::path(path).filename().string();
    names.push_back(limit == 0 ? name : absl::StrFormat("%s (first %d rows)", name, limit));
  }
  return names;
}

struct Reference {
  assay::ModelInfo info;
  assay::PrecisionRun run;
  std::vector<float> scores;
};

// Heads are in float32 in both modes here, so that one reference serves both.
absl::StatusOr<Reference> ScoreInFloat32(const Flags& flags) {
  assay::LoadOptions options = flags.load;
  options.dtype = kReference;
  ASSAY_ASSIGN_OR_RETURN(const assay::LoadedModel model, assay::LoadModel(options));
  Reference reference = {
      model.info, assay::PrecisionRun(model.config.gate_pattern, flags.batch_tokens), {}};
  for (const std::string& path : flags.data) {
    ASSAY_RETURN_IF_ERROR(reference.run.AddFile(path, flags.limit, *model.encoder));
  }
  ASSAY_RETURN_IF_ERROR(reference.run.Check());
  ASSAY_ASSIGN_OR_RETURN(reference.scores, reference.run.Scores(*model.scorers.front()));
  std::cerr << "float32: " << reference.scores.size() << " conversations scored, "
            << reference.run.left_out() << " left out" << std::endl;
  return reference;
}

absl::StatusOr<assay::PrecisionEntry> Measure(const Flags& flags, const Reference& reference,
                                              const std::string& dtype, const std::string& heads) {
  assay::LoadOptions options = flags.load;
  options.dtype = dtype;
  options.heads = heads;
  ASSAY_ASSIGN_OR_RETURN(const assay::LoadedModel model, assay::LoadModel(options));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<float> scores,
                         reference.run.Scores(*model.scorers.front()));
  assay::PrecisionEntry entry = {
      .dtype = model.info.dtype,
      .heads = model.info.heads,
      .device = assay::DeviceKind(model.info.device),
      .error = assay::CompareScores(scores, reference.scores, reference.run.group_sizes())};
  entry.error.data = NamesOf(flags.data, flags.limit);
  entry.error.measured_on = assay::DeviceName(model.scorers.front()->info().device);
  std::cout << entry.dtype << ", " << entry.heads << " heads, " << entry.error.measured_on << "\n  "
            << Line("score", entry.error.score) << "\n  " << Line("margin", entry.error.margin)
            << std::endl;
  return entry;
}

absl::Status Run(Flags flags) {
  if (flags.output.empty()) flags.output = assay::PrecisionPath(flags.load.folder);
  // Before the work: what will not do, and what is there, which must be mergeable.
  if (std::find(flags.dtypes.begin(), flags.dtypes.end(), kReference) != flags.dtypes.end()) {
    return absl::InvalidArgumentError("dtype float32 is what the others are measured against");
  }
  ASSAY_ASSIGN_OR_RETURN(const std::optional<assay::PrecisionFile> old,
                         assay::ReadPrecisionFile(flags.output));
  assay::PrecisionFile file = old.value_or(assay::PrecisionFile{});
  ASSAY_ASSIGN_OR_RETURN(const Reference reference, ScoreInFloat32(flags));
  for (const std::string& dtype : flags.dtypes) {
    for (const std::string& heads : flags.heads) {
      ASSAY_ASSIGN_OR_RETURN(assay::PrecisionEntry entry, Measure(flags, reference, dtype, heads));
      file = assay::MergePrecision({.weights_hash = reference.info.weights_hash,
                                    .config_hash = reference.info.config_hash,
                                    .entries = {std::move(entry)}},
                                   file);
      ASSAY_RETURN_IF_ERROR(assay::WritePrecisionFile(flags.output, file));
    }
  }
  std::cout << "written to " << flags.output << std::endl;
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures how far each dtype's scores lie from float32's.");
  Flags flags;
  Describe(app, flags);
  CLI11_PARSE(app, argc, argv);
  const absl::Status done = Run(flags);
  if (!done.ok()) {
    std::cerr << "assay-precision: " << done.message() << std::endl;
    return 1;
  }
  return 0;
}
