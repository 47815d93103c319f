#include "client/shard.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace assay::client {
namespace {

constexpr absl::string_view kPlaceholder = "{shard}";

absl::Status BadShard(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("shard \"", text, "\" is not I/N with 0 <= I < N, such as 0/4, nor auto/N"));
}

// SimpleAtoi() allows signs and white space.
bool ParseNumber(absl::string_view text, int64_t* value) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos &&
         absl::SimpleAtoi(text, value);
}

}  // namespace

absl::StatusOr<Shard> ParseShard(absl::string_view text, const char* job_completion_index) {
  const size_t slash = text.find('/');
  if (slash == text.npos) return BadShard(text);
  const absl::string_view index = text.substr(0, slash);
  Shard shard;
  if (!ParseNumber(text.substr(slash + 1), &shard.count) || shard.count < 1) return BadShard(text);
  if (index != "auto") {
    if (!ParseNumber(index, &shard.index) || shard.index >= shard.count) return BadShard(text);
    return shard;
  }
  if (job_completion_index == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("shard \"", text, "\" takes its number from ", kJobCompletionIndex,
                     ", which is not set: Kubernetes sets it in the pods of an Indexed Job; "
                     "elsewhere set it, or say I/N"));
  }
  if (!ParseNumber(job_completion_index, &shard.index) || shard.index >= shard.count) {
    return absl::InvalidArgumentError(
        absl::StrCat(kJobCompletionIndex, " is \"", job_completion_index, "\", which is not 0 to ",
                     shard.count - 1, ", as shard \"", text,
                     "\" needs: let N be the Job's number of completions"));
  }
  return shard;
}

std::string ShardText(const Shard& shard) { return absl::StrCat(shard.index, "/", shard.count); }

RowRange RowsOf(const Shard& shard, int64_t total) {
  const int64_t each = total / shard.count;
  const int64_t larger = total % shard.count;  // The first shards have a row more.
  const int64_t begin = shard.index * each + std::min(shard.index, larger);
  return {.begin = begin, .end = begin + each + (shard.index < larger ? 1 : 0)};
}

std::string PathOfShard(absl::string_view path, const Shard& shard) {
  std::string index = absl::StrCat(shard.index);
  const size_t width = absl::StrCat(shard.count - 1).size();
  index.insert(0, width - index.size(), '0');
  return absl::StrReplaceAll(path, {{kPlaceholder, index}});
}

bool NamesShard(absl::string_view path) { return absl::StrContains(path, kPlaceholder); }

}  // namespace assay::client
