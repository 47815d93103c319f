#include "client/score_rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/explanation.h"

namespace assay::client {
namespace {

constexpr const char* kOutcomeFields[] = {
    "results",      "model_revision",   "scores",           "chosen_score", "rejected_score",
    "score",        "input_tokens",     "truncated_tokens", "rewards",      "gating",
    "coefficients", "top_coefficients", "helpsteer",        "error"};

absl::Status RefuseBoth(const Json& fields, const char* first, const char* second) {
  if (!fields.contains(first) || !fields.contains(second)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("field \"", first, "\" and field \"", second,
                                                 "\" belong to different kinds of row"));
}

absl::StatusOr<ScoreRow> ConversationOf(const Json& fields) {
  ScoreRow row = {.kind = RowKind::kMessages, .prompt = {}, .responses = {}};
  ASSAY_ASSIGN_OR_RETURN(row.prompt, MessagesField(fields, "messages"));
  if (row.prompt.back().role != "assistant") {
    return absl::InvalidArgumentError(
        "field \"messages\" does not end with an assistant turn, the one to score");
  }
  row.responses.push_back(std::move(row.prompt.back().content));
  row.prompt.pop_back();
  if (row.prompt.empty())
    return absl::InvalidArgumentError("field \"messages\" has no turn before the response");
  return row;
}

absl::StatusOr<std::vector<std::string>> ResponsesField(const Json& fields) {
  const Json& list = fields.at("responses");
  if (!list.is_array() || list.empty())
    return absl::InvalidArgumentError("field \"responses\" is not a list of texts");
  std::vector<std::string> responses;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_string())
      return absl::InvalidArgumentError(absl::StrCat("field \"responses[", i, "]\" is not text"));
    responses.push_back(list[i].get<std::string>());
  }
  return responses;
}

Json ResultOf(const absl::StatusOr<Score>& result, const RowDetail& detail) {
  Json json = Json::object();
  if (!result.ok()) {
    json["error"] = JsonError(result.status());
    return json;
  }
  json["score"] = JsonNumber(result->score);
  json["input_tokens"] = result->input_tokens;
  if (result->truncated_tokens != 0) json["truncated_tokens"] = result->truncated_tokens;
  if (detail.objectives.empty() || result->rewards.size() != detail.objectives.size()) return json;

  json["rewards"] = JsonNumbers(result->rewards);
  json["gating"] = JsonNumbers(result->gating);
  json["coefficients"] = JsonNumbers(result->coefficients);
  if (result->coefficients.size() == detail.objectives.size()) {
    Json& top = json["top_coefficients"] = Json::array();
    for (const size_t k : TopCoefficients(result->coefficients, detail.top_k)) {
      top.push_back({{"objective", detail.objectives[k]},
                     {"coefficient", JsonNumber(result->coefficients[k])}});
    }
  }
  for (size_t k = 0; k < detail.objectives.size(); ++k) {
    if (!IsHelpSteer(detail.objectives[k])) continue;
    json["helpsteer"][detail.objectives[k]] = JsonNumber(HelpSteerScale(result->rewards[k]));
  }
  return json;
}

Json ScoreOrNull(const absl::StatusOr<Score>& result) {
  return result.ok() ? JsonNumber(result->score) : Json();
}

}  // namespace

absl::StatusOr<ScoreRow> ScoreRowOf(const Json& fields) {
  for (const char* field : {"prompt", "responses", "chosen", "rejected"}) {
    ASSAY_RETURN_IF_ERROR(RefuseBoth(fields, "messages", field));
  }
  if (fields.contains("messages")) return ConversationOf(fields);
  if (!fields.contains("prompt")) {
    return absl::InvalidArgumentError("field \"messages\" or \"prompt\" is missing");
  }
  ASSAY_RETURN_IF_ERROR(RefuseBoth(fields, "responses", "chosen"));
  ASSAY_RETURN_IF_ERROR(RefuseBoth(fields, "responses", "rejected"));

  ScoreRow row = {.kind = RowKind::kResponses, .prompt = {}, .responses = {}};
  ASSAY_ASSIGN_OR_RETURN(row.prompt, PromptField(fields));
  if (fields.contains("responses")) {
    ASSAY_ASSIGN_OR_RETURN(row.responses, ResponsesField(fields));
    return row;
  }
  if (!fields.contains("chosen") && !fields.contains("rejected")) {
    return absl::InvalidArgumentError(
        "field \"responses\" is missing, or \"chosen\" and \"rejected\"");
  }
  row.kind = RowKind::kPair;
  for (const char* field : {"chosen", "rejected"}) {
    ASSAY_ASSIGN_OR_RETURN(row.responses.emplace_back(), StringField(fields, field));
  }
  return row;
}

int RemoveOutcomeFields(Json* fields) {
  int removed = 0;
  for (const char* field : kOutcomeFields) removed += static_cast<int>(fields->erase(field));
  return removed;
}

void AddOutcome(RowKind kind, const absl::StatusOr<ScoreReply>& outcome, const RowDetail& detail,
                Json* fields) {
  Json& row = *fields;
  if (!outcome.ok()) {
    row["error"] = JsonError(outcome.status());
    return;
  }
  const std::vector<absl::StatusOr<Score>>& results = outcome->results;
  if (kind == RowKind::kPair) {
    row["chosen_score"] = ScoreOrNull(results[0]);
    row["rejected_score"] = ScoreOrNull(results[1]);
  } else if (results.size() == 1) {
    row.update(ResultOf(results[0], detail));
  } else {
    Json& scores = row["scores"] = Json::array();
    for (const absl::StatusOr<Score>& result : results) scores.push_back(ScoreOrNull(result));
  }
  row["model_revision"] = outcome->model_revision;
  Json& list = row["results"] = Json::array();
  for (const absl::StatusOr<Score>& result : results) list.push_back(ResultOf(result, detail));
}

bool HasError(const absl::StatusOr<ScoreReply>& outcome) {
  if (!outcome.ok()) return true;
  for (const absl::StatusOr<Score>& result : outcome->results) {
    if (!result.ok()) return true;
  }
  return false;
}

std::string DescribeOutcome(const absl::StatusOr<ScoreReply>& outcome, const RowDetail& detail) {
  if (!outcome.ok()) return absl::StatusCodeToString(outcome.status().code());
  std::vector<std::string> scores;
  std::vector<std::string> coefficients;
  for (const absl::StatusOr<Score>& result : outcome->results) {
    scores.push_back(result.ok() ? absl::StrFormat("%.5f", result->score)
                                 : absl::StatusCodeToString(result.status().code()));
    // The gate sees the prompt alone: coefficients are the same for all responses.
    if (!result.ok() || !coefficients.empty() ||
        result->coefficients.size() != detail.objectives.size())
      continue;
    for (const size_t k : TopCoefficients(result->coefficients, detail.top_k)) {
      coefficients.push_back(
          absl::StrFormat("%s %.5f", detail.objectives[k], result->coefficients[k]));
    }
  }
  std::string line = absl::StrCat("score ", absl::StrJoin(scores, ", "));
  if (!coefficients.empty())
    absl::StrAppend(&line, "; coefficients ", absl::StrJoin(coefficients, ", "));
  return line;
}

}  // namespace assay::client
