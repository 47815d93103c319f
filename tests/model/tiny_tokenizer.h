// tests/model/tiny_tokenizer.h
// Tokenizers small enough to follow by hand: one token a byte, a few merges, and both template families' special tokens.
#ifndef ASSAY_TESTS_MODEL_TINY_TOKENIZER_H_
#define ASSAY_TESTS_MODEL_TINY_TOKENIZER_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "model/json_fields.h"
#include "model/tokenizer.h"

namespace assay::testing {

// The tokenizer.json. Token b is byte b; then "he", "ll", "hell", "hello", " w", "or", "\n\n" are 256 to 262; then come
// the special tokens, TinySpecials() in order. Llama 3's split pattern; no normalizer, no post-processor.
Json TinyTokenizerJson();

inline constexpr absl::string_view kTinySpecials[] = {"<|begin_of_text|>",
                                                      "<|start_header_id|>",
                                                      "<|end_header_id|>",
                                                      "<|eot_id|>",
                                                      "<|im_start|>",
                                                      "<|im_end|>",
                                                      "[PAD]"};

inline constexpr TokenId kTinyNewlines = 262;
inline constexpr TokenId kTinyFirstSpecial = 263;

// Dies where TinyTokenizerJson() is not accepted.
std::unique_ptr<Tokenizer> TinyTokenizer();

// A tokenizer.json as those converted from SentencePiece are. Token b is <0x..> of byte b; then comes <unk>, then the
// characters of "▁helowr\u00e9", "he", "ll", "hell", "hello", "▁w", "or", and the special tokens. Spaces become "▁".
Json TinyFallbackJson();

// What `ids` of a TinyFallbackJson() tokenizer spell, in its normal form.
std::string SpellFallback(const TokenIds& ids);

}  // namespace assay::testing

#endif  // ASSAY_TESTS_MODEL_TINY_TOKENIZER_H_
