#include "client/eval/harness_results.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/eval/benchmark.h"
#include "client/eval/credit.h"
#include "client/eval/rewardbench2.h"
#include "client/eval/row_match.h"
#include "client/text_file.h"

namespace assay::client {
namespace {

// Keeps its keys sorted.
using SortedJson = nlohmann::json;

constexpr const char* kTies = "Ties";

enum class Kind { kCore, kPrior, kRewardBench2 };

std::optional<Kind> KindOf(const std::string& subset) {
  if (IsPriorSet(subset)) return Kind::kPrior;
  const auto benchmark = ScoreBenchmark({{subset, 0, 1}}, Weighting::kCurrent);
  if (!benchmark.has_value()) return std::nullopt;
  return benchmark->benchmark == kRewardBenchName ? Kind::kCore : Kind::kRewardBench2;
}

// "ORG/NAME"; each part names a file or folder on any system.
absl::StatusOr<std::string> ModelNameOf(const std::string& name) {
  std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() == 1) parts.insert(parts.begin(), "local");
  const bool is_fine =
      parts.size() == 2 && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
        return !part.empty() && part != "." && part != ".." &&
               std::none_of(part.begin(), part.end(), [](char c) {
                 return c == '\\' || static_cast<unsigned char>(c) < 0x20;
               });
      });
  if (is_fine) return absl::StrCat(parts[0], "/", parts[1]);
  return absl::InvalidArgumentError(absl::StrCat(
      "the model's name \"", name, "\" cannot name a file; it must be NAME or ORGANISATION/NAME"));
}

SortedJson Conversation(const std::vector<Message>& prompt, const std::string& response) {
  SortedJson turns = SortedJson::array();
  for (const Message& turn : prompt) {
    turns.push_back({{"content", turn.content}, {"role", turn.role}});
  }
  turns.push_back({{"content", response}, {"role", "assistant"}});
  return turns;
}

// What grows row by row into the two files of one kind.
struct Columns {
  SortedJson by_name = SortedJson::object();
  std::map<std::string, std::pair<double, int64_t>> results;  // Of a subset: their sum, rows.
  std::vector<TiesRow> ties;

  void AddResult(const Comparison& comparison, const SortedJson& result) {
    by_name["id"].push_back(SortedJson(comparison.id));
    by_name["subset"].push_back(comparison.subset);
    by_name["results"].push_back(result);
    auto& [sum, rows] = results[comparison.subset];
    sum += result.get<double>();
    ++rows;
  }
};

absl::Status AddPair(const EvalRow& row, Columns* columns) {
  const Comparison& comparison = row.comparison;
  if (row.chosen.size() != 1 || row.rejected.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        RowName(comparison), ": fields \"chosen\" and \"rejected\" must have one response each"));
  }
  const float chosen = row.chosen[0].score;
  const float rejected = row.rejected[0].score;
  columns->AddResult(comparison, chosen > rejected ? 1 : 0);
  SortedJson& by_name = columns->by_name;
  by_name["scores_chosen"].push_back(static_cast<double>(chosen));
  by_name["scores_rejected"].push_back(static_cast<double>(rejected));
  by_name["text_chosen"].push_back(Conversation(comparison.prompt, comparison.chosen[0]));
  by_name["text_rejected"].push_back(Conversation(comparison.prompt, comparison.rejected[0]));
  return absl::OkStatus();
}

// The correct responses first.
void AddBestOfN(const EvalRow& row, Columns* columns) {
  const Comparison& comparison = row.comparison;
  std::vector<double> scores;
  SortedJson texts = SortedJson::array();
  for (size_t i = 0; i < row.chosen.size(); ++i) {
    scores.push_back(row.chosen[i].score);
    texts.push_back(Conversation(comparison.prompt, comparison.chosen[i]));
  }
  for (size_t i = 0; i < row.rejected.size(); ++i) {
    scores.push_back(row.rejected[i].score);
    texts.push_back(Conversation(comparison.prompt, comparison.rejected[i]));
  }
  const double highest = *std::max_element(scores.begin(), scores.end());
  const auto at_the_top = std::count(scores.begin(), scores.end(), highest);
  columns->AddResult(comparison,
                     scores[0] == highest ? 1.0 / static_cast<double>(at_the_top) : 0.0);
  columns->by_name["num_correct"].push_back(row.chosen.size());
  columns->by_name["text"].push_back(std::move(texts));
  if (comparison.subset == kTies) {
    const auto middle = scores.begin() + static_cast<std::ptrdiff_t>(row.chosen.size());
    columns->ties.push_back(
        {comparison.id.is_string() ? comparison.id.get<std::string>() : DumpLine(comparison.id),
         {scores.begin(), middle},
         {middle, scores.end()}});
  }
  columns->by_name["scores"].push_back(std::move(scores));
}

absl::StatusOr<SortedJson> AccuraciesOf(const Columns& columns) {
  SortedJson accuracies = SortedJson::object();
  for (const auto& [subset, result] : columns.results) {
    accuracies[subset] = result.first / static_cast<double>(result.second);
  }
  if (!columns.ties.empty()) {
    ASSAY_ASSIGN_OR_RETURN(const TiesScore ties, ScoreTies(columns.ties));
    accuracies[kTies] = ties.score;
  }
  return accuracies;
}

HarnessFile FileOf(const std::string& folder, const std::string& model, SortedJson json) {
  json["model"] = model;
  json["model_type"] = "Seq. Classifier";
  json["chat_template"] = "tokenizer";
  return {absl::StrCat(folder, "/", model, ".json"),
          json.dump(4, ' ', true, SortedJson::error_handler_t::replace)};
}

absl::Status CheckRows(const std::vector<EvalRow>& rows) {
  if (rows.empty()) return absl::FailedPreconditionError("the run has no rows");
  const auto is_error = [](const EvalRow& row) { return !row.error.ok(); };
  const auto first = std::find_if(rows.begin(), rows.end(), is_error);
  if (first == rows.end()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(std::count_if(rows.begin(), rows.end(), is_error),
                   " of the rows have errors, which RewardBench's files cannot say; score them "
                   "again (the first: ",
                   RowName(first->comparison), ")"));
}

}  // namespace

absl::StatusOr<std::vector<HarnessFile>> HarnessFiles(const FinishedRun& finished) {
  ASSAY_RETURN_IF_ERROR(CheckRows(finished.rows));
  ASSAY_ASSIGN_OR_RETURN(const std::string model, ModelNameOf(finished.run.model.name));
  std::map<std::string, std::optional<Kind>> kinds;
  std::map<Kind, Columns> columns;
  for (const EvalRow& row : finished.rows) {
    const std::string& subset = row.comparison.subset;
    const auto [it, is_new] = kinds.try_emplace(subset);
    if (is_new) it->second = KindOf(subset);
    const std::optional<Kind> kind = it->second;
    if (!kind.has_value()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "subset \"", subset,
          "\" is none of RewardBench's or RewardBench 2's, and their scripts read no other"));
    }
    if (*kind == Kind::kRewardBench2) {
      AddBestOfN(row, &columns[*kind]);
    } else {
      ASSAY_RETURN_IF_ERROR(AddPair(row, &columns[*kind]));
    }
  }
  if (columns.size() > 1 && columns.contains(Kind::kRewardBench2)) {
    return absl::FailedPreconditionError(
        "the run has rows of RewardBench and of RewardBench 2, whose files have the same names; "
        "score them in two runs");
  }
  std::vector<HarnessFile> files;
  for (auto& [kind, of_kind] : columns) {
    const char* folder = kind == Kind::kPrior ? "pref-sets" : "eval-set";
    ASSAY_ASSIGN_OR_RETURN(SortedJson accuracies, AccuraciesOf(of_kind));
    files.push_back(FileOf(folder, model, std::move(accuracies)));
    files.push_back(FileOf(absl::StrCat(folder, "-scores"), model, std::move(of_kind.by_name)));
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> WriteHarnessResults(const FinishedRun& finished,
                                                             const std::string& folder) {
  ASSAY_ASSIGN_OR_RETURN(const std::vector<HarnessFile> files, HarnessFiles(finished));
  std::vector<std::string> paths;
  for (const HarnessFile& file : files) {
    paths.push_back(absl::StrCat(folder, "/", file.path));
    std::error_code error;  // WriteTextFile() says what it came to.
    std::filesystem::create_directories(std::filesystem::path(paths.back()).parent_path(), error);
    ASSAY_RETURN_IF_ERROR(WriteTextFile(paths.back(), file.content));
  }
  return paths;
}

}  // namespace assay::client
