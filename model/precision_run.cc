#include "model/precision_run.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/jsonl_reader.h"
#include "base/status_macros.h"
#include "model/forward_row.h"

namespace assay {

absl::Status PrecisionRun::Add(absl::string_view line, const ConversationEncoder& encoder) {
  ASSAY_ASSIGN_OR_RETURN(const ForwardRow row, ParseForwardRow(line));
  PromptGroup group;
  if (row.input_ids.empty()) {
    ASSAY_ASSIGN_OR_RETURN(EncodedGroup encoded, encoder.Encode(row.prompt, row.responses, {}));
    left_out_ += std::count_if(encoded.slots.begin(), encoded.slots.end(),
                               [](const auto& slot) { return !slot.ok(); });
    group = std::move(encoded.group);
  } else {
    ASSAY_ASSIGN_OR_RETURN(group, GroupOfIds(row.input_ids, gate_pattern_));
  }
  if (group.responses.empty()) return absl::OkStatus();
  group_sizes_.push_back(static_cast<int64_t>(group.responses.size()));
  groups_.push_back(std::move(group));
  return absl::OkStatus();
}

absl::Status PrecisionRun::AddFile(const std::string& path, int64_t limit,
                                   const ConversationEncoder& encoder) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<JsonlReader> reader, JsonlReader::Open(path));
  for (int64_t rows = 0; limit == 0 || rows < limit; ++rows) {
    ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> line, reader->Next());
    if (!line.has_value()) break;
    if (const absl::Status added = Add(*line, encoder); !added.ok()) {
      return absl::Status(added.code(), absl::StrCat(reader->name(), ", line ",
                                                     reader->line_number(), ": ", added.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status PrecisionRun::Check() const {
  const bool has_margin =
      std::any_of(group_sizes_.begin(), group_sizes_.end(), [](int64_t size) { return size > 1; });
  if (has_margin) return absl::OkStatus();
  return absl::InvalidArgumentError("no row of the data has two responses that can be scored");
}

absl::StatusOr<std::vector<float>> PrecisionRun::Scores(Scorer& scorer) const {
  std::vector<float> scores;
  size_t begin = 0;
  int64_t tokens = 0;
  for (size_t i = 0; i < groups_.size(); ++i) {
    tokens += groups_[i].ComputedTokens();
    if (tokens < batch_tokens_ && i + 1 < groups_.size()) continue;
    const auto batch = absl::MakeConstSpan(groups_).subspan(begin, i + 1 - begin);
    for (const absl::StatusOr<RewardScore>& score : scorer.ScoreBatch(batch)) {
      ASSAY_RETURN_IF_ERROR(score.status());
      scores.push_back(score->score);
    }
    begin = i + 1;
    tokens = 0;
  }
  return scores;
}

}  // namespace assay
