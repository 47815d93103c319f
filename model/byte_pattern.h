// model/byte_pattern.h
// A tokenizer's split pattern, rewritten from characters to bytes.
//
// Patterns of tokenizer.json are in Oniguruma's syntax (its Ruby flavour). Rewritten, each is a pattern in PCRE2's syntax
// over the bytes of a ByteAlphabet: byte classes, groups and quantifiers only, which mean the same in both.
// Only what is known to mean the same is rewritten; anything else is UNIMPLEMENTED, naming the construct.
#ifndef ASSAY_MODEL_BYTE_PATTERN_H_
#define ASSAY_MODEL_BYTE_PATTERN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/byte_alphabet.h"

namespace assay {

struct BytePattern {
  std::string pcre2;  // For PCRE2 without UTF and without options.
  ByteAlphabet alphabet;
};

// Accepted: literals; escapes \r \n \t \f \v, \s \S \d \D, \p{X} \P{X} with X a general category or its first letter,
// escaped punctuation; classes of these with ranges within ASCII; `.`; groups ( ) (?: ) (?= ) (?! ); (?i: ) around ASCII
// literals and classes of them; alternation; ? * + and their lazy and possessive forms; {n} {n,} {n,m}. Pure.
//   UNIMPLEMENTED  another construct, a pattern that can match nothing, or one beyond 4,096 bytes or 32 levels.
absl::StatusOr<BytePattern> TranslatePattern(absl::string_view pattern);

}  // namespace assay

#endif  // ASSAY_MODEL_BYTE_PATTERN_H_
