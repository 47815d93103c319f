#include "model/forward_run.h"

#include <thread>
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

ForwardRun::ForwardRun(ForwardOptions options, const ConversationEncoder* encoder,
                       std::vector<Scorer*> scorers, const Clock* clock, std::ostream* output)
    : options_(std::move(options)),
      encoder_(encoder),
      scorers_(std::move(scorers)),
      clock_(clock),
      output_(output) {}

void ForwardRun::Add(absl::string_view line) {
  absl::StatusOr<EncodedGroup> encoded = Encode(line);
  Batch& batch = batches_.back();
  if (!encoded.ok()) {
    batch.slots.push_back(encoded.status());
    return;
  }
  for (const absl::StatusOr<size_t>& slot : encoded->slots) {
    if (slot.ok()) {
      batch.slots.push_back(batch.input_tokens.size() + *slot);
    } else {
      batch.slots.push_back(slot.status());
    }
  }
  AddGroup(std::move(encoded->group));
  if (batch.tokens < options_.batch_tokens) return;
  if (batches_.size() == scorers_.size()) {
    Flush();
  } else {
    batches_.emplace_back();
  }
}

void ForwardRun::Flush() {
  std::vector<std::vector<absl::StatusOr<RewardScore>>> results(batches_.size());
  const auto score = [&](size_t i) { results[i] = scorers_[i]->ScoreBatch(batches_[i].groups); };
  const absl::Time start = clock_->Now();
  std::vector<std::thread> workers;
  for (size_t i = 1; i < batches_.size(); ++i) workers.emplace_back(score, i);
  score(0);
  for (std::thread& worker : workers) worker.join();
  forward_time_ += clock_->Now() - start;
  for (size_t i = 0; i < batches_.size(); ++i) WriteBatch(batches_[i], results[i]);
  batches_.clear();
  batches_.emplace_back();
}

void ForwardRun::WriteBatch(const Batch& batch,
                            const std::vector<absl::StatusOr<RewardScore>>& results) {
  for (const absl::StatusOr<size_t>& slot : batch.slots) {
    if (slot.ok()) {
      Write(results[*slot], batch.input_tokens[*slot]);
    } else {
      Write(slot.status(), 0);
    }
  }
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
  Batch& batch = batches_.back();
  int64_t whole = 0;
  for (const EncodedResponse& response : group.responses) {
    batch.input_tokens.push_back(group.InputTokens(response));
    whole += batch.input_tokens.back();
  }
  tokens_ += whole;
  batch.tokens += options_.share_prefixes ? group.ComputedTokens() : whole;
  batch.groups.push_back(std::move(group));
}

void ForwardRun::Write(const absl::StatusOr<RewardScore>& result, int64_t input_tokens) {
  ++responses_;
  if (!result.ok()) ++errors_;
  if (output_ != nullptr) *output_ << ToJson(result, input_tokens).dump() << "\n";
}

}  // namespace assay
