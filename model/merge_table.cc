#include "model/merge_table.h"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace assay {
namespace {

// Up to here, looking through all neighbours for each merge is faster than a heap.
constexpr size_t kShortSymbols = 48;

constexpr int32_t kNoRank = MergeTable::kMaxRank + 1;

uint64_t PairKey(TokenId left, TokenId right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

void MergeTable::Add(TokenId left, TokenId right, int32_t rank, TokenId joined) {
  merges_[PairKey(left, right)] = {rank, joined};
}

const MergeTable::Merge* MergeTable::Find(TokenId left, TokenId right) const {
  const auto found = merges_.find(PairKey(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void MergeTable::MergeAll(TokenIds* symbols) const {
  if (symbols->size() <= kShortSymbols) {
    MergeShort(symbols);
  } else {
    MergeLong(symbols);
  }
}

void MergeTable::MergeShort(TokenIds* symbols) const {
  // pairs[i] is the merge of symbols i and i + 1.
  std::array<Merge, kShortSymbols> pairs;
  size_t count = symbols->size();
  const auto look_up = [&](size_t i) {
    const Merge* merge = Find((*symbols)[i], (*symbols)[i + 1]);
    pairs[i] = merge == nullptr ? Merge{kNoRank, -1} : *merge;
  };
  for (size_t i = 0; i + 1 < count; ++i) look_up(i);
  while (count > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < count; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == kNoRank) break;
    (*symbols)[best] = pairs[best].joined;
    std::copy(symbols->begin() + best + 2, symbols->begin() + count, symbols->begin() + best + 1);
    std::copy(pairs.begin() + best + 1, pairs.begin() + count - 1, pairs.begin() + best);
    --count;
    if (best > 0) look_up(best - 1);
    if (best + 1 < count) look_up(best);
  }
  symbols->resize(count);
}

void MergeTable::MergeLong(TokenIds* symbols) const {
  // A doubly linked list over the places of the first symbols; a joined symbol keeps its left part's place.
  struct Node {
    TokenId id;  // -1: joined into the symbol before.
    uint32_t previous, next;
    Merge merge;  // With the next symbol.
  };
  const uint32_t count = static_cast<uint32_t>(symbols->size());
  const uint32_t none = count;
  std::vector<Node> nodes(count);
  for (uint32_t i = 0; i < count; ++i) {
    nodes[i] = {(*symbols)[i], i == 0 ? none : i - 1, i + 1, {kNoRank, -1}};
  }
  // Merges that were possible when they were queued, rank before place, the smallest on top. One still is if its place has
  // that rank now.
  std::vector<uint64_t> keys;
  const auto look_up = [&](uint32_t at) {
    Node& node = nodes[at];
    const Merge* merge = node.next == none ? nullptr : Find(node.id, nodes[node.next].id);
    node.merge = merge == nullptr ? Merge{kNoRank, -1} : *merge;
    return merge != nullptr;
  };
  const auto key_of = [&](uint32_t at) {
    return static_cast<uint64_t>(nodes[at].merge.rank) << 32 | at;
  };
  keys.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (look_up(i)) keys.push_back(key_of(i));
  }
  std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>> queue(std::greater<>(),
                                                                             std::move(keys));
  while (!queue.empty()) {
    const uint32_t at = static_cast<uint32_t>(queue.top());
    const int32_t rank = static_cast<int32_t>(queue.top() >> 32);
    queue.pop();
    Node& left = nodes[at];
    if (left.id < 0 || left.merge.rank != rank) continue;
    Node& right = nodes[left.next];
    left.id = left.merge.joined;
    left.next = right.next;
    right.id = -1;
    if (left.next != none) nodes[left.next].previous = at;
    if (look_up(at)) queue.push(key_of(at));
    if (left.previous != none && look_up(left.previous)) queue.push(key_of(left.previous));
  }
  symbols->clear();
  for (const Node& node : nodes) {
    if (node.id >= 0) symbols->push_back(node.id);
  }
}

}  // namespace assay
