// Any bytes as a file of tokens: an error, or a file with at least one token, whose hashes open nothing themselves.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_split.h"
#include "server/token_file.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = assay::TokenFile::Parse(text, "f");
  if (!file.ok()) {
    Require(file.status().code() == absl::StatusCode::kInvalidArgument);
    return 0;
  }
  Require(file->size() > 0);
  for (absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" \t\n"))) {
    if (word.size() == 64) Require(!file->TenantOf(word).has_value());
  }
  return 0;
}
