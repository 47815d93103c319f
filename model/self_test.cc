#include "model/self_test.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

using Json = nlohmann::json;

struct GoldenRow {
  PromptGroup group;  // One conversation.
  float score = 0;    // The reference's, in float32.
  std::vector<float> rewards;
};

double ToleranceOf(absl::string_view dtype) {
  if (dtype == "float32") return 1e-4;
  return dtype == "bfloat16" ? 0.15 : 0.6;
}

absl::StatusOr<GoldenRow> ToRow(const Json& json, const ConversationEncoder& encoder) {
  std::vector<Message> prompt;
  for (const Json& turn : json.at("messages")) {
    prompt.push_back({turn.at("role").get<std::string>(), turn.at("content").get<std::string>()});
  }
  const std::vector<std::string> response = {prompt.back().content};
  prompt.pop_back();
  ASSAY_ASSIGN_OR_RETURN(EncodedGroup encoded, encoder.Encode(prompt, response, {}));
  ASSAY_RETURN_IF_ERROR(encoded.slots.front().status());
  TokenIds tokens = encoded.group.prefix;
  const TokenIds& own = encoded.group.responses.front().tokens;
  tokens.insert(tokens.end(), own.begin(), own.end());
  if (tokens != json.at("input_ids").get<TokenIds>()) {
    return absl::InternalError("other token ids than the reference's");
  }
  const Json& numbers = json.at("float32");
  return GoldenRow{.group = std::move(encoded.group),
                   .score = numbers.at("score").get<float>(),
                   .rewards = numbers.value("rewards", std::vector<float>())};
}

absl::StatusOr<std::vector<GoldenRow>> ReadRows(const std::string& path,
                                                const ConversationEncoder& encoder) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": no such file"));
  std::vector<GoldenRow> rows;
  std::string line;
  while (std::getline(file, line)) {
    const std::string where = absl::StrCat(path, ":", rows.size() + 1);
    try {
      absl::StatusOr<GoldenRow> row = ToRow(Json::parse(line), encoder);
      if (!row.ok()) {
        return absl::Status(row.status().code(), absl::StrCat(where, ": ", row.status().message()));
      }
      rows.push_back(*std::move(row));
    } catch (const Json::exception& error) {
      return absl::DataLossError(absl::StrCat(where, ": ", error.what()));
    }
  }
  if (rows.empty()) return absl::DataLossError(absl::StrCat(path, ": no row"));
  return rows;
}

double DifferenceOf(const RewardScore& found, const GoldenRow& row) {
  double largest = std::fabs(found.score - row.score);
  for (size_t i = 0; i < std::min(found.rewards.size(), row.rewards.size()); ++i) {
    largest = std::max<double>(largest, std::fabs(found.rewards[i] - row.rewards[i]));
  }
  return found.rewards.size() == row.rewards.size() ? largest : INFINITY;
}

absl::Status CheckScorer(Scorer& scorer, const std::vector<GoldenRow>& rows) {
  std::vector<PromptGroup> groups;
  for (const GoldenRow& row : rows) groups.push_back(row.group);
  const std::vector<absl::StatusOr<RewardScore>> scores = scorer.ScoreBatch(groups);
  const double tolerance = ToleranceOf(scorer.info().dtype);
  for (size_t i = 0; i < scores.size(); ++i) {
    ASSAY_RETURN_IF_ERROR(scores[i].status());
    const double difference = DifferenceOf(*scores[i], rows[i]);
    if (difference <= tolerance) continue;
    return absl::InternalError(absl::StrCat(
        "self-test: ", scorer.info().device, " computes wrong scores in ", scorer.info().dtype,
        ": row ", i + 1, " is ", difference, " from the reference's, at most ", tolerance,
        " is right. Do not use this build on this device"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view GoldenFormOf(const ModelConfig& config) {
  if (config.head_kind == HeadKind::kGated) return "gated";
  return config.scalar_head == "score.weight" ? "scalar" : "starling";
}

absl::Status RunSelfTest(const LoadOptions& options) {
  ASSAY_ASSIGN_OR_RETURN(LoadedModel model, LoadModel(options));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<GoldenRow> rows,
                         ReadRows(absl::StrCat(options.folder, "/golden.jsonl"), *model.encoder));
  for (const std::unique_ptr<Scorer>& scorer : model.scorers) {
    ASSAY_RETURN_IF_ERROR(CheckScorer(*scorer, rows));
  }
  return absl::OkStatus();
}

}  // namespace assay
