// client/pair_dataset.h
// Preference pairs from files of JSON lines. A file is taken whole or refused: an evaluation must
// not begin on data that will turn out wrong half-way.
#ifndef ASSAY_CLIENT_PAIR_DATASET_H_
#define ASSAY_CLIENT_PAIR_DATASET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/json_row.h"
#include "client/types.h"

namespace assay::client {

struct PreferencePair {
  Json id = {};             // As in the row, text or integer; the line's number where it has none.
  std::string subset = {};  // As in the row; the file's name without its endings where it has none.
  std::vector<Message> prompt = {};  // Ends with a user turn; roles as stored.
  std::string chosen = {};
  std::string rejected = {};
};

// The pairs of `path` (plain or gzip; "-" is standard input), the first `limit` of them; 0: all. A
// row is
//   {"prompt": text | [{"role", "content"}, ...], "chosen": text, "rejected": text, "subset"?:
//   text, "id"?: text | integer}
// and may have other fields. Errors name the file, and the line and field where there is one:
//   INVALID_ARGUMENT  a bad row, or no row at all.
//   others            as JsonlReader.
absl::StatusOr<std::vector<PreferencePair>> ReadPairs(const std::string& path, int64_t limit);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_PAIR_DATASET_H_
