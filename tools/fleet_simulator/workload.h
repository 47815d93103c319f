// tools/fleet_simulator/workload.h
// What requests ask: prompt groups with lengths that are fixed or drawn from a table of real ones. A
// pure function of its options, so that a run can be made again.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_WORKLOAD_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_WORKLOAD_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/fleet_simulator/request.h"

namespace assay::fleet {

// A prompt and the responses to it, in tokens.
struct LengthRow {
  int64_t prompt_tokens = 0;
  std::vector<int64_t> response_tokens = {};
};

// A table as tools/make_length_table.py writes it: tab-separated lines "prompt response response...",
// of whole numbers above 0; lines that begin with # are comments.
//   NOT_FOUND         the file cannot be read.
//   INVALID_ARGUMENT  a line is not so, naming it; or there is none.
absl::StatusOr<std::vector<LengthRow>> ReadLengths(const std::string& path);

struct WorkloadOptions {
  int64_t responses = 1;  // Of a request. > 0.
  // Where there is no table: of each prompt, and of each response. > 0.
  int64_t prompt_tokens = 300;
  int64_t response_tokens = 200;
  // False: each response pays for the prompt anew, as without prompt groups.
  bool share_prompts = true;
  // With a table: the requests are its rows as they are, over and over.
  bool in_order = false;
  int tenants = 1;  // Each request is one of theirs, evenly. > 0.
  uint64_t seed = 1;
};

// Not thread-safe.
class Workload {
 public:
  // `table` may be empty: lengths are fixed.
  Workload(const WorkloadOptions& options, std::vector<LengthRow> table)
      : options_(options), table_(std::move(table)), random_(options.seed) {}

  // A prompt of a random row, and each response of a random row, not of the same one: rows have two
  // responses, requests any number. With in_order: the next row.
  GroupRequest Next();

 private:
  const LengthRow& AnyRow() { return table_[random_() % table_.size()]; }
  void Draw(GroupRequest* request);

  const WorkloadOptions options_;
  const std::vector<LengthRow> table_;
  std::mt19937_64 random_;
  size_t next_row_ = 0;
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_WORKLOAD_H_
