// client/load_texts.h
// What a load asks: made-up conversations of a given size, or the rows of a file. Request number i
// is a pure function of i, so that a run can be made again.
#ifndef ASSAY_CLIENT_LOAD_TEXTS_H_
#define ASSAY_CLIENT_LOAD_TEXTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/types.h"

namespace assay::client {

struct SyntheticTexts {
  int64_t responses = 1;          // Of a request. >= 1.
  int64_t prompt_bytes = 400;     // >= 0.
  int64_t response_bytes = 1200;  // Each. >= 0.
  uint64_t seed = 1;
};

// Request number `index` of `texts`: words of small letters, no two requests alike, so that no cache
// answers for the model.
ScoreRequest SyntheticRequest(const SyntheticTexts& texts, int64_t index);

// All rows of a file of JSON lines, as `assay score` takes them.
//   INVALID_ARGUMENT  a row, naming file, line and field; or no row at all.
//   others            as JsonlReader.
absl::StatusOr<std::vector<ScoreRequest>> ReadLoadRows(const std::string& path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_LOAD_TEXTS_H_
