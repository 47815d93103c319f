#include "client/eval/eval_row.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/explanation.h"
#include "client/field_error.h"

namespace assay::client {
namespace {

std::string NameOf(const char* side, size_t index, size_t count) {
  return count == 1 ? side : absl::StrCat(side, "[", index, "]");
}

// Moves the results of one side into `*scores`; the first error among them.
absl::Status TakeSide(const std::vector<absl::StatusOr<Score>>& results, size_t begin,
                      const char* side, size_t count, size_t objectives,
                      std::vector<Score>* scores) {
  for (size_t i = 0; i < count; ++i) {
    const absl::StatusOr<Score>& result = results[begin + i];
    const std::string name = NameOf(side, i, count);
    if (!result.ok()) {
      return absl::Status(result.status().code(),
                          absl::StrCat(name, ": ", result.status().message()));
    }
    if (result->rewards.size() != objectives && objectives != 0) {
      return absl::InternalError(absl::StrCat(name, ": the server sent ", result->rewards.size(),
                                              " rewards for ", objectives, " objectives"));
    }
    scores->push_back(*result);
  }
  return absl::OkStatus();
}

Json SideJson(const std::string& text, const Score* score) {
  Json json = {{"text", text}};
  if (score == nullptr) return json;
  json["score"] = JsonNumber(score->score);
  json["input_tokens"] = score->input_tokens;
  if (score->truncated_tokens != 0) json["truncated_tokens"] = score->truncated_tokens;
  if (score->rewards.empty()) return json;
  json["rewards"] = JsonNumbers(score->rewards);
  json["gating"] = JsonNumbers(score->gating);
  json["coefficients"] = JsonNumbers(score->coefficients);
  return json;
}

// One side as an object, several as a list. `scores` is empty for a row with an error.
Json SidesJson(const std::vector<std::string>& texts, const std::vector<Score>& scores) {
  Json list = Json::array();
  for (size_t i = 0; i < texts.size(); ++i)
    list.push_back(SideJson(texts[i], scores.empty() ? nullptr : &scores[i]));
  return texts.size() == 1 ? list[0] : list;
}

Json PromptJson(const std::vector<Message>& prompt) {
  if (prompt.size() == 1 && prompt[0].role == "user") return prompt[0].content;
  Json list = Json::array();
  for (const Message& turn : prompt)
    list.push_back({{"role", turn.role}, {"content", turn.content}});
  return list;
}

// Field `name` of `json`, a number; the field's path is `path`.
template <typename Number>
absl::Status ReadNumber(const Json& json, const char* name, const std::string& path,
                        Number* number) {
  const auto it = json.find(name);
  if (it == json.end() || !it->is_number())
    return FieldError(absl::StrCat(path, ".", name), "is missing or no number");
  *number = it->get<Number>();
  return absl::OkStatus();
}

absl::Status ReadNumbers(const Json& json, const char* name, const std::string& path, size_t count,
                         std::vector<float>* numbers) {
  const auto it = json.find(name);
  const std::string field = absl::StrCat(path, ".", name);
  if (it == json.end() || !it->is_array() || it->size() != count)
    return FieldError(field, absl::StrCat("is missing or no list of ", count, " numbers"));
  for (const Json& number : *it) {
    if (!number.is_number()) return FieldError(field, "holds something that is no number");
    numbers->push_back(number.get<float>());
  }
  return absl::OkStatus();
}

// One response's object. `score` null: the row has an error and only the text counts.
absl::Status ReadSide(const Json& json, const std::string& path, size_t objectives,
                      std::string* text, Score* score) {
  if (!json.is_object()) return FieldError(path, "is not an object");
  ASSAY_ASSIGN_OR_RETURN(*text, StringField(json, "text"));
  if (score == nullptr) return absl::OkStatus();
  ASSAY_RETURN_IF_ERROR(ReadNumber(json, "score", path, &score->score));
  ASSAY_RETURN_IF_ERROR(ReadNumber(json, "input_tokens", path, &score->input_tokens));
  if (json.contains("truncated_tokens"))
    ASSAY_RETURN_IF_ERROR(ReadNumber(json, "truncated_tokens", path, &score->truncated_tokens));
  if (objectives == 0) return absl::OkStatus();
  ASSAY_RETURN_IF_ERROR(ReadNumbers(json, "rewards", path, objectives, &score->rewards));
  ASSAY_RETURN_IF_ERROR(ReadNumbers(json, "gating", path, objectives, &score->gating));
  return ReadNumbers(json, "coefficients", path, objectives, &score->coefficients);
}

absl::Status ReadSides(const Json& line, const char* name, size_t objectives, bool has_scores,
                       std::vector<std::string>* texts, std::vector<Score>* scores) {
  const auto it = line.find(name);
  if (it == line.end()) return FieldError(name, "is missing");
  const Json list = it->is_array() ? *it : Json::array({*it});
  if (list.empty()) return FieldError(name, "is empty");
  texts->resize(list.size());
  if (has_scores) scores->resize(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    ASSAY_RETURN_IF_ERROR(ReadSide(list[i], NameOf(name, i, list.size()), objectives, &(*texts)[i],
                                   has_scores ? &(*scores)[i] : nullptr));
  }
  return absl::OkStatus();
}

// The status that JsonError() wrote, in `*status`.
absl::Status ReadError(const Json& error, absl::Status* status) {
  if (!error.is_object()) return FieldError("error", "is not an object");
  ASSAY_ASSIGN_OR_RETURN(const std::string code, StringField(error, "code"));
  ASSAY_ASSIGN_OR_RETURN(const std::string message, StringField(error, "message"));
  for (int i = 1; i <= 16; ++i) {
    const auto candidate = static_cast<absl::StatusCode>(i);
    if (absl::StatusCodeToString(candidate) != code) continue;
    *status = absl::Status(candidate, message);
    return absl::OkStatus();
  }
  return FieldError("error.code", "is no status code");
}

}  // namespace

EvalRow RowOf(Comparison comparison, const absl::StatusOr<ScoreReply>& outcome, size_t objectives) {
  EvalRow row = {.comparison = std::move(comparison)};
  const size_t chosen = row.comparison.chosen.size();
  const size_t rejected = row.comparison.rejected.size();
  if (!outcome.ok()) {
    row.error = outcome.status();
  } else if (outcome->results.size() != chosen + rejected) {
    row.error = absl::InternalError(absl::StrCat("the server sent ", outcome->results.size(),
                                                 " results for ", chosen + rejected, " responses"));
  } else {
    row.error = TakeSide(outcome->results, 0, "chosen", chosen, objectives, &row.chosen);
    row.error.Update(
        TakeSide(outcome->results, chosen, "rejected", rejected, objectives, &row.rejected));
  }
  if (!row.error.ok()) {
    row.chosen.clear();
    row.rejected.clear();
  }
  return row;
}

HardestPair HardestPairOf(const EvalRow& row) {
  const auto lower = [](const Score& a, const Score& b) { return a.score < b.score; };
  return {.chosen = static_cast<size_t>(
              std::min_element(row.chosen.begin(), row.chosen.end(), lower) - row.chosen.begin()),
          .rejected = static_cast<size_t>(
              std::max_element(row.rejected.begin(), row.rejected.end(), lower) -
              row.rejected.begin())};
}

float MarginOf(const EvalRow& row) {
  const HardestPair pair = HardestPairOf(row);
  return row.chosen[pair.chosen].score - row.rejected[pair.rejected].score;
}

int64_t TokensOf(const EvalRow& row) {
  int64_t tokens = 0;
  for (const std::vector<Score>* side : {&row.chosen, &row.rejected}) {
    for (const Score& score : *side) tokens += score.input_tokens;
  }
  return tokens;
}

Json EvalRowJson(const EvalRow& row, const std::vector<std::string>& objectives,
                 const std::optional<CloseCall>& close_call) {
  const Comparison& comparison = row.comparison;
  Json json = {{"id", comparison.id},
               {"subset", comparison.subset},
               {"prompt", PromptJson(comparison.prompt)},
               {"chosen", SidesJson(comparison.chosen, row.chosen)},
               {"rejected", SidesJson(comparison.rejected, row.rejected)}};
  if (!row.error.ok()) {
    json["error"] = JsonError(row.error);
    return json;
  }
  json["margin"] = JsonNumber(MarginOf(row));
  const HardestPair pair = HardestPairOf(row);
  const Score& chosen = row.chosen[pair.chosen];
  const Score& rejected = row.rejected[pair.rejected];
  if (close_call.has_value())
    json["too_close"] = TooClose(chosen.score, rejected.score, close_call->margin);
  const std::vector<float> margins = MarginByObjective(chosen, rejected);
  for (size_t k = 0; k < margins.size() && k < objectives.size(); ++k)
    json["margin_by_objective"][objectives[k]] = JsonNumber(margins[k]);
  return json;
}

absl::StatusOr<EvalRow> ParseEvalRow(const Json& line, size_t objectives) {
  EvalRow row;
  Comparison& comparison = row.comparison;
  const auto id = line.find("id");
  if (id == line.end() || (!id->is_string() && !id->is_number_integer()))
    return FieldError("id", "is missing, or neither text nor an integer");
  comparison.id = *id;
  ASSAY_ASSIGN_OR_RETURN(comparison.subset, StringField(line, "subset"));
  ASSAY_ASSIGN_OR_RETURN(comparison.prompt, PromptField(line));
  const auto error = line.find("error");
  const bool has_scores = error == line.end();
  if (!has_scores) ASSAY_RETURN_IF_ERROR(ReadError(*error, &row.error));
  ASSAY_RETURN_IF_ERROR(
      ReadSides(line, "chosen", objectives, has_scores, &comparison.chosen, &row.chosen));
  ASSAY_RETURN_IF_ERROR(
      ReadSides(line, "rejected", objectives, has_scores, &comparison.rejected, &row.rejected));
  return row;
}

}  // namespace assay::client
