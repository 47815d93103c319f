// Any bytes as a text, with two small tokenizers, of bytes and of characters with byte fallback: an error exactly where it
// is not UTF-8, and otherwise tokens that spell the text. Cut after a special token, the two parts encode to the same ids
// as the whole.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_replace.h"
#include "base/utf8.h"
#include "model/tokenizer.h"
#include "model/unicode.h"
#include "tests/model/tiny_tokenizer.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Spell(const assay::TokenIds& ids) {
  const char* const merged[] = {"he", "ll", "hell", "hello", " w", "or", "\n\n"};
  std::string text;
  for (const assay::TokenId id : ids) {
    if (id < 256) {
      text += static_cast<char>(id);
    } else if (id < assay::testing::kTinyFirstSpecial) {
      text += merged[id - 256];
    } else {
      text += std::string(assay::testing::kTinySpecials[id - assay::testing::kTinyFirstSpecial]);
    }
  }
  return text;
}

void CheckBoundaries(const assay::Tokenizer& tokenizer, const std::string& text,
                     const assay::TokenIds& ids) {
  const std::string boundary = "<|eot_id|>";
  for (size_t at = text.find(boundary); at != std::string::npos; at = text.find(boundary, at + 1)) {
    const size_t cut = at + boundary.size();
    assay::TokenIds parts = tokenizer.Encode(text.substr(0, cut)).value();
    const assay::TokenIds rest = tokenizer.Encode(text.substr(cut)).value();
    parts.insert(parts.end(), rest.begin(), rest.end());
    Require(parts == ids);
  }
}

void CheckFallback(const std::string& text) {
  static const std::unique_ptr<assay::Tokenizer>& tokenizer =
      *new std::unique_ptr<assay::Tokenizer>(
          assay::Tokenizer::Create(assay::testing::TinyFallbackJson().dump()).value());
  const assay::TokenIds ids = tokenizer->Encode(text).value();
  Require(assay::testing::SpellFallback(ids) == absl::StrReplaceAll(text, {{" ", "▁"}}));
  CheckBoundaries(*tokenizer, text, ids);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<assay::Tokenizer>& tokenizer =
      *new std::unique_ptr<assay::Tokenizer>(assay::testing::TinyTokenizer());
  const std::string text(reinterpret_cast<const char*>(data), size);
  assay::StripPython(text);
  const auto ids = tokenizer->Encode(text);
  Require(ids.ok() == (assay::FindInvalidUtf8(text) == std::string::npos));
  if (!ids.ok()) return 0;
  Require(Spell(*ids) == text);
  CheckBoundaries(*tokenizer, text, *ids);
  CheckFallback(text);
  return 0;
}
