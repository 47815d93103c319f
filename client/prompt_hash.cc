#include "client/prompt_hash.h"

#include "absl/strings/str_cat.h"
#include "base/hash.h"

namespace assay::client {

uint64_t PromptHash(const std::vector<Message>& prompt) {
  TextHash hash;
  for (const Message& message : prompt) {
    hash.Add(message.role);
    hash.Add(message.content);
  }
  return hash.value();
}

std::string PromptHashText(uint64_t hash) {
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

}  // namespace assay::client
