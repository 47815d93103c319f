// client/shard.h
// One of several equal parts of an input, each scored by a process of its own: which rows are whose,
// and where each process writes. Parts are contiguous, so that their outputs, joined in the order of
// their numbers, are the output of one run over the whole. Pure functions.
#ifndef ASSAY_CLIENT_SHARD_H_
#define ASSAY_CLIENT_SHARD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay::client {

struct Shard {
  int64_t index = 0;  // 0 <= index < count.
  int64_t count = 1;
};

// Rows begin..end-1 of an input, 0 the first.
struct RowRange {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
};

// The variable that Kubernetes sets in the pods of an Indexed Job: the pod's number, 0 the first.
inline constexpr char kJobCompletionIndex[] = "JOB_COMPLETION_INDEX";

// The shard that `text` names: "I/N", or "auto/N", whose I is `job_completion_index`, the value of
// the variable above; null where it is not set.
//   INVALID_ARGUMENT     no such text, or not 0 <= I < N.
//   FAILED_PRECONDITION  "auto/N" without the variable.
absl::StatusOr<Shard> ParseShard(absl::string_view text, const char* job_completion_index);

// "I/N".
std::string ShardText(const Shard& shard);

// The rows of `shard` among `total` (>= 0). Shards' sizes differ by one at most; a shard may be
// empty.
RowRange RowsOf(const Shard& shard, int64_t total);

// `path` with each "{shard}" replaced by the shard's index, padded with zeros to the width of the
// largest one's, so that a shell's pattern lists the files in order.
std::string PathOfShard(absl::string_view path, const Shard& shard);

// Whether `path` holds "{shard}".
bool NamesShard(absl::string_view path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_SHARD_H_
