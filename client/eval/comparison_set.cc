#include "client/eval/comparison_set.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/hash.h"
#include "base/jsonl_reader.h"
#include "base/status_macros.h"
#include "client/field_error.h"

namespace assay::client {
namespace {

// "data/llmbar.jsonl.gz" -> "llmbar".
std::string StemOf(const std::string& path) {
  if (path == "-") return "stdin";
  absl::string_view name = path;
  name = name.substr(name.rfind('/') + 1);
  for (const absl::string_view ending : {".gz", ".jsonl", ".json"})
    name = absl::StripSuffix(name, ending);
  return std::string(name);
}

// "shp-00000-of-00001" -> "shp".
std::string SplitOf(const std::string& stem) {
  const size_t part = stem.rfind("-of-");
  if (part == std::string::npos) return stem;
  const size_t dash = stem.rfind('-', part - 1);
  return dash == std::string::npos || dash == 0 ? stem : stem.substr(0, dash);
}

// Files of other kinds that people have at hand, and what makes JSON lines of them.
absl::Status RefuseOtherKinds(const std::string& path) {
  if (path == "-") return absl::OkStatus();
  char head[4] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof(head));
  if (absl::string_view(head, sizeof(head)) == "PAR1") {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is a Parquet file: make JSON lines of it with `tools/to_jsonl.py ", path, "`"));
  }
  if (head[0] == '[') {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is one JSON array: make JSON lines of it with `tools/to_jsonl.py ", path, "`"));
  }
  return absl::OkStatus();
}

bool IsListOfMessages(const Json& value) {
  return value.is_array() && !value.empty() && value[0].is_object();
}

// The text of the assistant's turn that field `name` is.
absl::StatusOr<std::string> OnlyTurn(const Json& row, const std::string& name) {
  ASSAY_ASSIGN_OR_RETURN(std::vector<Message> turns, MessagesField(row, name));
  if (turns.size() != 1 || turns[0].role != "assistant") {
    return FieldError(name, "beside a \"prompt\" is not one assistant message");
  }
  return std::move(turns[0].content);
}

absl::StatusOr<std::vector<std::string>> ResponsesOf(const Json& row, const std::string& name) {
  const auto it = row.find(name);
  if (it == row.end()) return FieldError(name, "is missing");
  if (it->is_string()) return std::vector<std::string>{it->get<std::string>()};
  if (IsListOfMessages(*it)) {
    ASSAY_ASSIGN_OR_RETURN(std::string text, OnlyTurn(row, name));
    return std::vector<std::string>{std::move(text)};
  }
  if (!it->is_array() || it->empty()) {
    return FieldError(name, "is neither text, nor a list of texts, nor a list of messages");
  }
  std::vector<std::string> texts;
  for (size_t i = 0; i < it->size(); ++i) {
    if (!(*it)[i].is_string()) return FieldError(absl::StrCat(name, "[", i, "]"), "is not text");
    texts.push_back((*it)[i].get<std::string>());
  }
  return texts;
}

// Two conversations that differ in their last turn alone.
absl::Status ReadConversations(const Json& row, Comparison* comparison) {
  for (const char* name : {"chosen", "rejected"}) {
    const auto it = row.find(name);
    if (it == row.end()) return FieldError(name, "is missing");
    if (!IsListOfMessages(*it)) return FieldError("prompt", "is missing");
    ASSAY_ASSIGN_OR_RETURN(std::vector<Message> turns, MessagesField(row, name));
    if (turns.size() < 2 || turns.back().role != "assistant") {
      return FieldError(name, "is not a conversation that ends with an assistant turn");
    }
    std::vector<std::string>& side = name[0] == 'c' ? comparison->chosen : comparison->rejected;
    side = {std::move(turns.back().content)};
    turns.pop_back();
    if (name[0] == 'c') {
      comparison->prompt = std::move(turns);
      continue;
    }
    const bool same = std::equal(turns.begin(), turns.end(), comparison->prompt.begin(),
                                 comparison->prompt.end(), [](const Message& a, const Message& b) {
                                   return a.role == b.role && a.content == b.content;
                                 });
    if (!same)
      return FieldError("rejected", "does not begin with the turns that \"chosen\" begins with");
  }
  return absl::OkStatus();
}

absl::Status CheckNumCorrect(const Json& row, const Comparison& comparison) {
  const auto it = row.find("num_correct");
  if (it == row.end() || it->is_null()) return absl::OkStatus();
  if (it->is_number_integer() &&
      it->get<int64_t>() == static_cast<int64_t>(comparison.chosen.size()))
    return absl::OkStatus();
  return FieldError("num_correct", "is not the number of texts in \"chosen\"");
}

absl::StatusOr<Comparison> ComparisonOf(const std::string& line, const std::string& file_subset,
                                        const ComparisonSetOptions& options, int64_t number) {
  ASSAY_ASSIGN_OR_RETURN(const Json row, ParseJsonObject(line));
  Comparison comparison;
  if (row.contains("prompt")) {
    ASSAY_ASSIGN_OR_RETURN(comparison.prompt, PromptField(row));
    ASSAY_ASSIGN_OR_RETURN(comparison.chosen, ResponsesOf(row, "chosen"));
    ASSAY_ASSIGN_OR_RETURN(comparison.rejected, ResponsesOf(row, "rejected"));
  } else {
    ASSAY_RETURN_IF_ERROR(ReadConversations(row, &comparison));
  }
  if (comparison.prompt.back().role != "user") {
    return FieldError("prompt", "does not end with a user turn");
  }
  ASSAY_RETURN_IF_ERROR(CheckNumCorrect(row, comparison));
  comparison.subset = file_subset;
  if (!options.is_prior_set && row.contains(options.subset_field)) {
    ASSAY_ASSIGN_OR_RETURN(comparison.subset, StringField(row, options.subset_field));
    if (comparison.subset.empty()) return FieldError(options.subset_field, "is empty");
  }
  comparison.id = number;
  if (const auto id = row.find("id"); id != row.end()) {
    if (!id->is_string() && !id->is_number_integer())
      return FieldError("id", "is neither text nor an integer");
    comparison.id = *id;
  }
  return comparison;
}

}  // namespace

absl::StatusOr<std::vector<Comparison>> ReadComparisons(const std::string& path,
                                                        const ComparisonSetOptions& options) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<JsonlReader> reader, JsonlReader::Open(path));
  ASSAY_RETURN_IF_ERROR(RefuseOtherKinds(path));
  const std::string stem = StemOf(path);
  const std::string subset = options.is_prior_set ? SplitOf(stem) : stem;
  std::vector<Comparison> rows;
  while (options.limit == 0 || static_cast<int64_t>(rows.size()) < options.limit) {
    ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
    if (!line.has_value()) break;
    absl::StatusOr<Comparison> row = ComparisonOf(*line, subset, options, reader->line_number());
    if (!row.ok()) {
      return absl::Status(row.status().code(),
                          absl::StrCat(reader->name(), ", line ", reader->line_number(), ": ",
                                       row.status().message()));
    }
    rows.push_back(*std::move(row));
  }
  if (rows.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        reader->name(), " holds no row: expected JSON lines with prompt, chosen and rejected"));
  }
  return rows;
}

std::string Fingerprint(const std::vector<Comparison>& comparisons) {
  TextHash hash;
  for (const Comparison& comparison : comparisons) {
    hash.Add(comparison.subset);
    hash.Add(comparison.id.dump());
    hash.Mix(comparison.prompt.size());
    for (const Message& turn : comparison.prompt) {
      hash.Add(turn.role);
      hash.Add(turn.content);
    }
    for (const std::vector<std::string>* side : {&comparison.chosen, &comparison.rejected}) {
      hash.Mix(side->size());
      for (const std::string& text : *side) hash.Add(text);
    }
  }
  return absl::StrCat(absl::Hex(hash.value(), absl::kZeroPad16));
}

}  // namespace assay::client
