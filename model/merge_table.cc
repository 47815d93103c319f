#include "model/merge_table.h"

#include <algorithm>
#include <array>
#include <queue>
#include <tuple>
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
    int64_t previous, next;
  };
  // A merge that was possible when it was queued. It still is if both places hold the same ids.
  struct Candidate {
    int32_t rank;
    int64_t at;
    TokenId left, right, joined;
    bool operator<(const Candidate& other) const {
      return std::tie(rank, at) > std::tie(other.rank, other.at);
    }
  };
  const int64_t count = static_cast<int64_t>(symbols->size());
  std::vector<Node> nodes(count);
  for (int64_t i = 0; i < count; ++i) nodes[i] = {(*symbols)[i], i - 1, i + 1};
  std::vector<Candidate> candidates;
  const auto candidate_at = [&](int64_t at, Candidate* candidate) {
    if (at < 0 || nodes[at].next == count) return false;
    const TokenId left = nodes[at].id;
    const TokenId right = nodes[nodes[at].next].id;
    const Merge* merge = Find(left, right);
    if (merge == nullptr) return false;
    *candidate = {merge->rank, at, left, right, merge->joined};
    return true;
  };
  Candidate candidate;
  for (int64_t i = 0; i < count; ++i) {
    if (candidate_at(i, &candidate)) candidates.push_back(candidate);
  }
  std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(candidates));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Node& left = nodes[best.at];
    if (left.id != best.left || left.next == count || nodes[left.next].id != best.right) continue;
    Node& right = nodes[left.next];
    left.id = best.joined;
    right.id = -1;
    left.next = right.next;
    if (right.next < count) nodes[right.next].previous = best.at;
    if (candidate_at(left.previous, &candidate)) queue.push(candidate);
    if (candidate_at(best.at, &candidate)) queue.push(candidate);
  }
  symbols->clear();
  for (const Node& node : nodes) {
    if (node.id >= 0) symbols->push_back(node.id);
  }
}

}  // namespace assay
