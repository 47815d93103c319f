// Any bytes as a tokenizer.json: an error, or a tokenizer that encodes any text to ids of its own.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "model/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto tokenizer = assay::Tokenizer::Create({reinterpret_cast<const char*>(data), size});
  if (!tokenizer.ok()) return 0;
  for (const absl::string_view text :
       {"", "hello world", " a\n\n1234 'S é\u3000中<|eot_id|>\U0001F600"}) {
    const auto ids = (*tokenizer)->Encode(text);
    if (!ids.ok()) continue;
    for (const assay::TokenId id : *ids) {
      if (id < 0) std::abort();
    }
  }
  (*tokenizer)->TokenToId("hello");
  (*tokenizer)->IsHardBoundary("<|eot_id|>");
  return 0;
}
