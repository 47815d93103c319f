#include "client/eval/eval_run.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/jsonl_reader.h"
#include "base/status_macros.h"
#include "client/field_error.h"
#include "client/model_identity.h"
#include "client/truncation_name.h"

namespace assay::client {
namespace {

constexpr int kFormat = 1;

absl::StatusOr<std::vector<std::string>> TextsField(const Json& json, const std::string& name) {
  const auto it = json.find(name);
  if (it == json.end() || !it->is_array()) return FieldError(name, "is missing or no list");
  std::vector<std::string> texts;
  for (const Json& text : *it) {
    if (!text.is_string()) return FieldError(name, "holds something that is no text");
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

absl::StatusOr<EvalRun> ReadRunFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    return absl::NotFoundError(absl::StrCat(
        path, " cannot be read: it is beside the rows that `assay eval --output` writes"));
  }
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const absl::StatusOr<Json> json = ParseJsonObject(text);
  absl::StatusOr<EvalRun> run = json.ok() ? ParseEvalRun(*json) : json.status();
  if (run.ok()) return run;
  return absl::Status(run.status().code(), absl::StrCat(path, ": ", run.status().message()));
}

absl::StatusOr<std::vector<EvalRow>> ReadRows(const std::string& path, size_t objectives) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<JsonlReader> reader, JsonlReader::Open(path));
  std::vector<EvalRow> rows;
  while (true) {
    ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
    if (!line.has_value()) return rows;
    const absl::StatusOr<Json> json = ParseJsonObject(*line);
    absl::StatusOr<EvalRow> row = json.ok() ? ParseEvalRow(*json, objectives) : json.status();
    if (!row.ok()) {
      return absl::Status(row.status().code(), absl::StrCat(path, ", line ", reader->line_number(),
                                                            ": ", row.status().message()));
    }
    rows.push_back(*std::move(row));
  }
}

// "2/4" -> {2, 4}; a run without shards is {0, 1}.
std::pair<int64_t, int64_t> ShardOf(const EvalRun& run) {
  const std::vector<std::string> parts = absl::StrSplit(run.shard, '/');
  std::pair<int64_t, int64_t> shard = {0, 1};
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &shard.first) ||
      !absl::SimpleAtoi(parts[1], &shard.second)) {
    return {0, 1};
  }
  return shard;
}

// What runs that are joined have in common.
Json CommonOf(EvalRun run) {
  run.data.clear();
  run.shard.clear();
  return EvalRunIdentity(run);
}

absl::Status CheckAlike(const FinishedRun& first, const FinishedRun& other,
                        const std::string& path) {
  const Json expected = CommonOf(first.run).flatten();
  const Json found = CommonOf(other.run).flatten();
  for (const auto& [key, value] : expected.items()) {
    if (found.contains(key) && found[key] == value) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is of another kind than the run before it: their run.json differ in ", key));
  }
  if (found.size() == expected.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is of another kind than the run before it"));
}

}  // namespace

Json EvalRunJson(const EvalRun& run) {
  return {{"format", kFormat},
          {"model", ModelIdentityJson(run.model)},
          {"objectives", run.objectives},
          {"data", run.data},
          {"truncation", TruncationName(run.truncation)},
          {"max_tokens", run.max_tokens},
          {"shard", run.shard}};
}

Json EvalRunIdentity(const EvalRun& run) {
  Json json = EvalRunJson(run);
  std::set<std::string> kinds;
  for (const std::string& device : run.model.devices)
    kinds.insert(device.substr(0, device.find(':')));
  json["model"]["devices"] = kinds;
  return json;
}

absl::StatusOr<EvalRun> ParseEvalRun(const Json& json) {
  EvalRun run;
  const auto format = json.find("format");
  if (format == json.end() || *format != kFormat)
    return FieldError("format", absl::StrCat("is not ", kFormat));
  const auto model = json.find("model");
  if (model == json.end()) return FieldError("model", "is missing");
  ASSAY_ASSIGN_OR_RETURN(run.model, ParseModelIdentity(*model));
  ASSAY_ASSIGN_OR_RETURN(run.objectives, TextsField(json, "objectives"));
  ASSAY_ASSIGN_OR_RETURN(run.data, TextsField(json, "data"));
  ASSAY_ASSIGN_OR_RETURN(const std::string truncation, StringField(json, "truncation"));
  const auto name = TruncationsByName().find(truncation);
  if (name == TruncationsByName().end())
    return FieldError("truncation", "is none of refuse, keep-end and keep-start");
  run.truncation = name->second;
  const auto max_tokens = json.find("max_tokens");
  if (max_tokens == json.end() || !max_tokens->is_number_integer())
    return FieldError("max_tokens", "is missing or no integer");
  run.max_tokens = max_tokens->get<int32_t>();
  ASSAY_ASSIGN_OR_RETURN(run.shard, StringField(json, "shard"));
  return run;
}

std::string EvalRowsText(const std::vector<EvalRow>& rows,
                         const std::vector<std::string>& objectives,
                         const std::optional<CloseCall>& close_call) {
  std::string text;
  for (const EvalRow& row : rows)
    absl::StrAppend(&text, DumpLine(EvalRowJson(row, objectives, close_call)), "\n");
  return text;
}

absl::StatusOr<FinishedRun> ReadRun(const std::string& path) {
  std::filesystem::path rows = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(rows, ignored)) rows /= "rows.jsonl";
  FinishedRun finished;
  if (!std::filesystem::exists(rows, ignored)) {
    return absl::NotFoundError(
        absl::StrCat(rows.string(),
                     " is not there: name a folder that `assay eval --output` "
                     "wrote, or the rows.jsonl in it"));
  }
  ASSAY_ASSIGN_OR_RETURN(finished.run, ReadRunFile((rows.parent_path() / "run.json").string()));
  ASSAY_ASSIGN_OR_RETURN(finished.rows, ReadRows(rows.string(), finished.run.objectives.size()));
  if (finished.rows.empty())
    return absl::InvalidArgumentError(absl::StrCat(rows.string(), " holds no row"));
  return finished;
}

absl::StatusOr<FinishedRun> ReadRuns(const std::vector<std::string>& paths) {
  if (paths.empty()) return absl::InvalidArgumentError("no run is named");
  // By data, in the order given; within it by shard.
  std::vector<std::vector<std::string>> order;
  std::map<std::vector<std::string>, std::map<int64_t, FinishedRun>> parts;
  std::optional<FinishedRun> first;
  for (const std::string& path : paths) {
    ASSAY_ASSIGN_OR_RETURN(FinishedRun run, ReadRun(path));
    if (!first.has_value()) first = FinishedRun{.run = run.run};
    ASSAY_RETURN_IF_ERROR(CheckAlike(*first, run, path));
    const auto [index, count] = ShardOf(run.run);
    std::map<int64_t, FinishedRun>& shards = parts[run.run.data];
    if (shards.empty()) order.push_back(run.run.data);
    if (!shards.empty() && ShardOf(shards.begin()->second.run).second != count) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " is a shard of another number of shards than the ones before it"));
    }
    if (!shards.emplace(index, std::move(run)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " has the same rows as another of the runs"));
    }
  }
  FinishedRun joined = {.run = first->run};
  joined.run.data.clear();
  joined.run.shard.clear();
  for (const std::vector<std::string>& data : order) {
    std::map<int64_t, FinishedRun>& shards = parts[data];
    const int64_t count = ShardOf(shards.begin()->second.run).second;
    for (int64_t i = 0; i < count; ++i) {
      const auto it = shards.find(i);
      if (it == shards.end()) {
        // One shard alone is a run like any other, and says that it is one.
        if (paths.size() == 1) return std::move(shards.begin()->second);
        return absl::InvalidArgumentError(absl::StrCat("shard ", i, "/", count, " is missing"));
      }
      std::move(it->second.rows.begin(), it->second.rows.end(), std::back_inserter(joined.rows));
    }
    joined.run.data.insert(joined.run.data.end(), data.begin(), data.end());
  }
  return joined;
}

}  // namespace assay::client
