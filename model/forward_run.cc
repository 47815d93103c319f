#include "model/forward_run.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "model/forward_row.h"
#include "nlohmann/json.hpp"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const absl::StatusOr<RewardScore>& result, int64_t input_tokens) {
  Json row = Json::object();
  if (!result.ok()) {
    row["error"]["code"] = absl::StatusCodeToString(result.status().code());
    row["error"]["message"] = std::string(result.status().message());
    return row;
  }
  row["score"] = result->score;
  if (!result->rewards.empty()) {
    row["rewards"] = result->rewards;
    row["gating"] = result->gating;
    row["coefficients"] = result->coefficients;
  }
  row["input_tokens"] = input_tokens;
  return row;
}

}  // namespace

ForwardRun::ForwardRun(ForwardOptions options, const ConversationEncoder* encoder, Scorer* scorer,
                       const Clock* clock, std::ostream* output)
    : options_(std::move(options)),
      encoder_(encoder),
      scorer_(scorer),
      clock_(clock),
      output_(output) {}

void ForwardRun::Add(absl::string_view line) {
  absl::StatusOr<EncodedGroup> encoded = Encode(line);
  if (!encoded.ok()) {
    slots_.push_back(encoded.status());
    return;
  }
  for (const absl::StatusOr<size_t>& slot : encoded->slots) {
    if (slot.ok()) {
      slots_.push_back(input_tokens_.size() + *slot);
    } else {
      slots_.push_back(slot.status());
    }
  }
  AddGroup(std::move(encoded->group));
  if (batch_tokens_ >= options_.batch_tokens) Flush();
}

void ForwardRun::Flush() {
  const absl::Time start = clock_->Now();
  const std::vector<absl::StatusOr<RewardScore>> results = scorer_->ScoreBatch(batch_);
  forward_time_ += clock_->Now() - start;
  for (const absl::StatusOr<size_t>& slot : slots_) {
    if (slot.ok()) {
      Write(results[*slot], input_tokens_[*slot]);
    } else {
      Write(slot.status(), 0);
    }
  }
  batch_.clear();
  slots_.clear();
  input_tokens_.clear();
  batch_tokens_ = 0;
}

std::string ForwardRun::Summary() const {
  const double seconds = absl::ToDoubleSeconds(forward_time_);
  return absl::StrFormat("%d responses, %d errors, %d tokens in %.1f s: %.0f tokens/s", responses_,
                         errors_, tokens_, seconds, seconds > 0 ? tokens_ / seconds : 0.0);
}

absl::StatusOr<EncodedGroup> ForwardRun::Encode(absl::string_view line) const {
  ASSAY_ASSIGN_OR_RETURN(const ForwardRow row, ParseForwardRow(line));
  if (row.input_ids.empty()) return encoder_->Encode(row.prompt, row.responses, {});
  ASSAY_ASSIGN_OR_RETURN(PromptGroup group, GroupOfIds(row.input_ids, options_.gate_pattern));
  return EncodedGroup{.group = std::move(group), .slots = {size_t{0}}};
}

void ForwardRun::AddGroup(PromptGroup group) {
  if (group.responses.empty()) return;
  int64_t whole = 0;
  for (const EncodedResponse& response : group.responses) {
    input_tokens_.push_back(group.InputTokens(response));
    whole += input_tokens_.back();
  }
  tokens_ += whole;
  batch_tokens_ += options_.share_prefixes ? group.ComputedTokens() : whole;
  batch_.push_back(std::move(group));
}

void ForwardRun::Write(const absl::StatusOr<RewardScore>& result, int64_t input_tokens) {
  ++responses_;
  if (!result.ok()) ++errors_;
  if (output_ != nullptr) *output_ << ToJson(result, input_tokens).dump() << "\n";
}

}  // namespace assay
