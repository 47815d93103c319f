// model/tokenizer.h
// A text to token ids, exactly as the reference (the `tokenizers` library) does with the same tokenizer.json and
// add_special_tokens=False: the chat template's text already holds its special tokens.
//
// Of the file this follows added_tokens, normalizer, pre_tokenizer and model, in that order: added tokens are cut out,
// each stretch between them is normalized on its own, cut by the tokens that are searched for in normal form, and what is
// left is cut into pieces. The post-processor adds special tokens only, so known ones are accepted and do nothing. The
// decoder is of no interest. The sections truncation and padding are ignored, as transformers ignores them; length limits
// are conversation_encoder.h's business.
// Thread-safe: const after construction.
#ifndef ASSAY_MODEL_TOKENIZER_H_
#define ASSAY_MODEL_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/added_tokens.h"
#include "model/bpe.h"
#include "model/normalizer.h"
#include "model/pre_tokenizer.h"
#include "model/types.h"

namespace assay {

class Tokenizer {
 public:
  // From the text of a tokenizer.json.
  //   DATA_LOSS      not JSON, or a key is missing, wrong or contradicts another; named.
  //   UNIMPLEMENTED  a part that this build lacks, by name.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Create(absl::string_view tokenizer_json);

  // The ids of `text`. Special tokens spelled out in it become their ids.
  //   INVALID_ARGUMENT  not UTF-8.
  //   INTERNAL          the split pattern gave up; see split_pattern.h.
  absl::StatusOr<TokenIds> Encode(absl::string_view text) const;

  // The id of a token of the vocabulary or an added one, spelled as in the file.
  std::optional<TokenId> TokenToId(absl::string_view token) const;

  // Tokens in the vocabulary and added ones, each counted once.
  int64_t vocab_size() const { return vocab_size_; }

  // True where a text that holds the added token `content` can be encoded in two parts, cut after it; see
  // AddedTokens::IsHardBoundary.
  bool IsHardBoundary(absl::string_view content) const {
    return added_tokens_.IsHardBoundary(content);
  }

 private:
  // What Encode needs room for, kept from segment to segment.
  struct Scratch {
    std::string normal_form;
    std::vector<Segment> segments;
    Pieces pieces;
  };

  Tokenizer(AddedTokens added_tokens, Normalizer normalizer, PreTokenizer pre_tokenizer, Bpe bpe);

  absl::Status EncodeSegment(absl::string_view text, Scratch* scratch, TokenIds* ids) const;

  const AddedTokens added_tokens_;
  const Normalizer normalizer_;
  const PreTokenizer pre_tokenizer_;
  const Bpe bpe_;
  int64_t vocab_size_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_TOKENIZER_H_
