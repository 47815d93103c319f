#include "client/pair_dataset.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/jsonl_reader.h"
#include "base/status_macros.h"

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

absl::StatusOr<PreferencePair> PairOf(const std::string& line, const std::string& default_subset,
                                      int64_t number) {
  ASSAY_ASSIGN_OR_RETURN(const Json row, ParseJsonObject(line));
  PreferencePair pair;
  ASSAY_ASSIGN_OR_RETURN(pair.prompt, PromptField(row));
  if (pair.prompt.back().role != "user") {
    return absl::InvalidArgumentError("field \"prompt\" does not end with a user turn");
  }
  ASSAY_ASSIGN_OR_RETURN(pair.chosen, StringField(row, "chosen"));
  ASSAY_ASSIGN_OR_RETURN(pair.rejected, StringField(row, "rejected"));
  pair.subset = default_subset;
  if (row.contains("subset")) {
    ASSAY_ASSIGN_OR_RETURN(pair.subset, StringField(row, "subset"));
    if (pair.subset.empty()) return absl::InvalidArgumentError("field \"subset\" is empty");
  }
  pair.id = number;
  if (const auto id = row.find("id"); id != row.end()) {
    if (!id->is_string() && !id->is_number_integer()) {
      return absl::InvalidArgumentError("field \"id\" is neither text nor an integer");
    }
    pair.id = *id;
  }
  return pair;
}

}  // namespace

absl::StatusOr<std::vector<PreferencePair>> ReadPairs(const std::string& path, int64_t limit) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<JsonlReader> reader, JsonlReader::Open(path));
  const std::string stem = StemOf(path);
  std::vector<PreferencePair> pairs;
  while (limit == 0 || static_cast<int64_t>(pairs.size()) < limit) {
    ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
    if (!line.has_value()) break;
    absl::StatusOr<PreferencePair> pair = PairOf(*line, stem, reader->line_number());
    if (!pair.ok()) {
      return absl::Status(pair.status().code(),
                          absl::StrCat(reader->name(), ", line ", reader->line_number(), ": ",
                                       pair.status().message()));
    }
    pairs.push_back(*std::move(pair));
  }
  if (pairs.empty())
    return absl::InvalidArgumentError(absl::StrCat(reader->name(), " holds no pair"));
  return pairs;
}

}  // namespace assay::client
