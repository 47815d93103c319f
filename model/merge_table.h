// model/merge_table.h
// Byte-pair encoding proper: joins neighbouring symbols until no merge applies.
//
// Invariant: the symbols, in order, always spell what they spelled at first. While any two neighbours have a merge, the
// pair whose merge ranks first is joined, the leftmost of equals. What is left is the answer.
// Thread-safe: const once the merges are in.
#ifndef ASSAY_MODEL_MERGE_TABLE_H_
#define ASSAY_MODEL_MERGE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "model/types.h"

namespace assay {

class MergeTable {
 public:
  static constexpr int32_t kMaxRank = std::numeric_limits<int32_t>::max() - 1;

  void Reserve(size_t merges) { merges_.reserve(merges); }

  // `left` and `right` join to `joined`. Ranks are 0..kMaxRank, the smaller first. A pair given twice has its last rank.
  void Add(TokenId left, TokenId right, int32_t rank, TokenId joined);

  // Joins all that can be joined. Takes O(n log n) for n symbols, fewer than 2^32.
  void MergeAll(TokenIds* symbols) const;

 private:
  struct Merge {
    int32_t rank;
    TokenId joined;
  };

  const Merge* Find(TokenId left, TokenId right) const;
  void MergeShort(TokenIds* symbols) const;
  void MergeLong(TokenIds* symbols) const;

  absl::flat_hash_map<uint64_t, Merge> merges_;  // By the ids of left and right.
};

}  // namespace assay

#endif  // ASSAY_MODEL_MERGE_TABLE_H_
