// model/bpe.h
// Byte-pair encoding: one piece of text to the ids of its tokens, by the "model" section of tokenizer.json.
//
// The piece starts as one symbol a byte (or character). Invariant: the symbols, in order, always spell the piece. While
// any two neighbours have a merge, the pair whose merge ranks first is joined, the leftmost of equals. What is left is the
// answer. A symbol that the vocabulary does not have is left out, as the reference does.
// Thread-safe: const after construction.
#ifndef ASSAY_MODEL_BPE_H_
#define ASSAY_MODEL_BPE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/json_fields.h"
#include "model/types.h"

namespace assay {

class Bpe {
 public:
  // What the vocabulary's texts are made of.
  enum class Symbols {
    kBytes,  // Each character stands for a byte, in GPT-2's alphabet: the pre-tokenizer is byte-level.
    kCharacters,  // Each character is itself.
  };

  // `model` is the section.
  //   DATA_LOSS      a key is missing or wrong, two tokens share an id, or a merge names a token that is not there.
  //   UNIMPLEMENTED  not BPE, or one of its options that this build lacks, by name.
  static absl::StatusOr<Bpe> Create(const JsonFields& model, Symbols symbols);

  // Appends the ids of `piece`, any bytes. Takes O(n log n) for n symbols.
  void Encode(absl::string_view piece, TokenIds* ids) const;

  // The id of a token, spelled as in the file.
  std::optional<TokenId> TokenToId(absl::string_view token) const;

  // Tokens in the vocabulary.
  int64_t vocab_size() const { return static_cast<int64_t>(tokens_.size() + unspeakable_.size()); }
  // The largest id; -1 where there is none.
  TokenId max_id() const { return max_id_; }

 private:
  struct Token {
    TokenId id;
    bool is_own_encoding;  // A piece that reads the same encodes to this token alone.
  };
  struct Merge {
    int32_t rank;  // Smaller first.
    TokenId id;    // Of the joined symbol.
  };

  explicit Bpe(Symbols symbols) : symbols_(symbols) { first_symbols_.fill(-1); }

  absl::Status ReadVocabulary(const JsonFields& model);
  absl::Status ReadMerges(const JsonFields& model);
  void FindOwnEncodings(bool ignore_merges);

  const Merge* FindMerge(TokenId left, TokenId right) const;
  void AppendFirstSymbols(absl::string_view piece, TokenIds* symbols) const;
  void MergeShort(TokenIds* symbols) const;
  void MergeLong(TokenIds* symbols) const;
  void MergeAll(TokenIds* symbols) const;

  const Symbols symbols_;
  absl::flat_hash_map<std::string, Token> tokens_;         // By the bytes that they stand for.
  absl::flat_hash_map<std::string, TokenId> unspeakable_;  // By their spelling: no bytes give them.
  absl::flat_hash_map<uint64_t, Merge> merges_;            // By the ids of left and right.
  std::array<TokenId, 256> first_symbols_;  // kBytes: of each byte; -1 where it has none.
  TokenId max_id_ = -1;
};

}  // namespace assay

#endif  // ASSAY_MODEL_BPE_H_
