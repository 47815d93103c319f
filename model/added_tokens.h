// model/added_tokens.h
// Finds a tokenizer's added tokens (special tokens, mostly) in a text before anything else looks at it: the
// "added_tokens" section of tokenizer.json. Thread-safe: const after construction.
#ifndef ASSAY_MODEL_ADDED_TOKENS_H_
#define ASSAY_MODEL_ADDED_TOKENS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/bpe.h"
#include "model/json_fields.h"
#include "model/normalizer.h"
#include "model/types.h"

namespace assay {

struct AddedToken {
  std::string content;  // Not empty.
  TokenId id;
  bool single_word;  // Found only where no word character touches it.
  bool lstrip;       // Takes the white space before it.
  bool rstrip;       // Takes the white space after it.
  bool normalized;  // Searched for, in its normal form, in the normal form of what the others left.
};

// A stretch of a text: an added token, or text to be tokenized.
struct Segment {
  absl::string_view text;  // Not empty.
  TokenId added_id;        // -1: text.
};

class AddedTokens {
 public:
  // `json` is the section; null where the file has none. `bpe` tells which tokens the vocabulary has.
  //   DATA_LOSS      a key is missing or of the wrong type, a content is empty or there twice, or an id is not the one
  //                  that the reference gives the token: the vocabulary's own, or the next free one.
  //   UNIMPLEMENTED  the normal forms of two normalized tokens are the same, or one is empty.
  static absl::StatusOr<AddedTokens> Create(const Json* json, const Bpe& bpe,
                                            const Normalizer& normalizer);

  // Sets `segments` to those of `text`, which must be UTF-8, by the tokens that are not normalized. Where several tokens
  // match, the leftmost is found, and of those that begin at the same place the longest.
  void Split(absl::string_view text, std::vector<Segment>* segments) const;

  // The same by the normalized tokens. `text` is the normal form of a text segment that Split found.
  void SplitNormalized(absl::string_view text, std::vector<Segment>* segments) const;

  // Null where there is no such token.
  const AddedToken* Find(absl::string_view content) const;

  // True where `content` is an added token whose every occurrence in a text is found, whatever surrounds it, so that
  // the text before it (it included) and the text after it can be tokenized apart.
  bool IsHardBoundary(absl::string_view content) const;

  const std::vector<AddedToken>& tokens() const { return tokens_; }

 private:
  // Finds the longest of a set of texts at a place.
  class Trie {
   public:
    Trie();
    // False, and nothing added, where `text` is empty or there already.
    bool Add(absl::string_view text, int32_t value);
    bool MayBegin(char first) const { return begins_[static_cast<uint8_t>(first)]; }
    // The value and the bytes of the longest text that `text` begins with; value -1 where there is none.
    void Longest(absl::string_view text, int32_t* value, size_t* bytes) const;
    bool empty() const { return edges_.empty(); }

   private:
    std::array<bool, 256> begins_{};
    absl::flat_hash_map<uint64_t, int32_t> edges_;  // By node and byte; the root is 0.
    std::vector<int32_t> values_;                   // Of each node; -1 for none.
  };

  AddedTokens() = default;

  absl::Status Add(const JsonFields& fields, const Bpe& bpe, const Normalizer& normalizer,
                   TokenId* next_id);
  void SplitBy(const Trie& trie, absl::string_view text, std::vector<Segment>* segments) const;

  std::vector<AddedToken> tokens_;
  absl::flat_hash_map<std::string, int32_t> by_content_;  // Indices of tokens_.
  Trie plain_;
  Trie normalized_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_ADDED_TOKENS_H_
