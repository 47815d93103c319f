// model/bpe.h
// Byte-pair encoding: one piece of text to the ids of its tokens, by the "model" section of tokenizer.json.
//
// The piece starts as one symbol a byte (or character), and merge_table.h joins them. A character that the vocabulary
// lacks starts as its UTF-8 bytes' tokens <0x00> to <0xFF> with byte_fallback, where those are all there; else as
// unk_token, one for a run of such characters with fuse_unk; and without these it is left out.
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
#include "model/merge_boundaries.h"
#include "model/merge_table.h"
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
  //   DATA_LOSS      a key is missing or wrong, two tokens share an id, or unk_token or a merge names a token that is
  //                  not there.
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
    bool is_own_encoding;  // Merging its own symbols yields this token alone.
  };

  explicit Bpe(Symbols symbols) : symbols_(symbols) {
    first_symbols_.fill(-1);
    fallback_.fill(-1);
  }

  absl::Status ReadVocabulary(const JsonFields& model);
  absl::Status ReadUnknown(const JsonFields& model);
  absl::Status ReadMerges(const JsonFields& model);
  void FindOwnEncodings();

  void EncodePart(absl::string_view part, TokenIds* ids) const;
  void AppendFirstSymbols(absl::string_view part, TokenIds* symbols) const;
  bool AppendFallback(absl::string_view character, TokenIds* symbols) const;

  const Symbols symbols_;
  bool ignore_merges_ = false;                      // A piece that reads as a token is that token.
  absl::flat_hash_map<std::string, Token> tokens_;  // By the bytes that they stand for.
  absl::flat_hash_map<std::string, TokenId> unspeakable_;  // By their spelling: no bytes give them.
  std::array<TokenId, 256> first_symbols_;  // kBytes: of each byte; -1 where it has none.
  std::array<TokenId, 256>
      fallback_;          // With byte_fallback: <0x00> to <0xFF>; -1 where there is none.
  TokenId unknown_ = -1;  // unk_token; -1 for none.
  bool fuse_unknown_ = false;
  MergeTable merges_;
  MergeBoundaries boundaries_;  // kCharacters.
  TokenId max_id_ = -1;
};

}  // namespace assay

#endif  // ASSAY_MODEL_BPE_H_
