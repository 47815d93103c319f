// model/forward_row.h
// One line of a data file for assay-forward -> what to score. Pure; knows no tokenizer and no model.
#ifndef ASSAY_MODEL_FORWARD_ROW_H_
#define ASSAY_MODEL_FORWARD_ROW_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/types.h"

namespace assay {

// Either a prompt with its responses, or one conversation as token ids.
struct ForwardRow {
  std::vector<Message> prompt;         // Empty for token ids.
  std::vector<std::string> responses;  // In the row's order; chosen before rejected.
  TokenIds input_ids;                  // Empty for texts.
};

// Reads one JSON object, by the keys it has; other keys are ignored:
//   {"input_ids": [int, ...]}
//   {"messages": [{"role", "content"}, ...]}            the last one is the assistant's response
//   {"prompt": str | [message, ...], "responses": [str, ...]}
//   {"prompt": str | [message, ...], "chosen": str, "rejected": str}
//   INVALID_ARGUMENT  none of these; names the key, never shows a text.
absl::StatusOr<ForwardRow> ParseForwardRow(absl::string_view line);

// The row of token ids as a group: the gate is at the start of the last occurrence of `gate_pattern` (-1 where that is
// empty: a model without a gate).
//   INVALID_ARGUMENT  the pattern does not occur.
absl::StatusOr<PromptGroup> GroupOfIds(const TokenIds& ids, const TokenIds& gate_pattern);

}  // namespace assay

#endif  // ASSAY_MODEL_FORWARD_ROW_H_
