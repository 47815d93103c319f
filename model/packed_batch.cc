#include "model/packed_batch.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace assay {
namespace {

// One conversation, in the two parts that its group holds it in.
struct Sequence {
  absl::Span<const TokenId> head;
  absl::Span<const TokenId> tail;
  int64_t gate_at;

  int64_t size() const { return static_cast<int64_t>(head.size() + tail.size()); }
  TokenId operator[](int64_t i) const {
    const int64_t cut = static_cast<int64_t>(head.size());
    return i < cut ? head[i] : tail[i - cut];
  }
};

std::vector<Sequence> SequencesOf(absl::Span<const PromptGroup> groups) {
  std::vector<Sequence> sequences;
  for (const PromptGroup& group : groups) {
    for (const EncodedResponse& response : group.responses) {
      sequences.push_back({group.prefix, response.tokens, response.gate_at});
    }
  }
  return sequences;
}

// Sequences that agree up to `depth`, and the segments that hold what they agree on.
struct Branch {
  std::vector<size_t> members;  // In the order of the responses.
  int64_t depth = 0;
  std::vector<RowRange> path;
};

class TreePacker {
 public:
  explicit TreePacker(std::vector<Sequence> sequences) : sequences_(std::move(sequences)) {
    batch_.reward_rows.resize(sequences_.size());
    const bool gated = !sequences_.empty() && sequences_.front().gate_at >= 0;
    if (gated) batch_.gate_rows.resize(sequences_.size());
  }

  PackedBatch PackShared() {
    std::vector<size_t> all(sequences_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    // A stack of our own: a tree may be as deep as a conversation is long.
    std::vector<Branch> waiting;
    PushParts({std::move(all), 0, {}}, waiting);
    while (!waiting.empty()) {
      Branch branch = std::move(waiting.back());
      waiting.pop_back();
      const int64_t common = CommonEnd(branch);
      const int64_t saved =
          (common - branch.depth) * (static_cast<int64_t>(branch.members.size()) - 1);
      if (branch.members.size() > 1 && saved >= kFewestSharedRows) {
        branch.path.push_back(AddSegment(branch, branch.members, common));
        branch.depth = common;
        PushParts(std::move(branch), waiting);
      } else {
        for (size_t member : branch.members) {
          AddSegment(branch, {member}, sequences_[member].size());
        }
      }
    }
    return std::move(batch_);
  }

  PackedBatch PackWhole() {
    for (size_t i = 0; i < sequences_.size(); ++i) AddSegment({}, {i}, sequences_[i].size());
    return std::move(batch_);
  }

 private:
  // Puts the parts of `branch` that go on with one and the same token on the stack, first response on top. Members that
  // end here are done.
  void PushParts(Branch branch, std::vector<Branch>& waiting) const {
    std::erase_if(branch.members,
                  [&](size_t member) { return sequences_[member].size() == branch.depth; });
    const auto next_token = [&](size_t member) { return sequences_[member][branch.depth]; };
    std::vector<size_t> sorted = branch.members;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](size_t a, size_t b) { return next_token(a) < next_token(b); });
    std::vector<Branch> parts;
    for (auto begin = sorted.begin(); begin != sorted.end();) {
      const auto end = std::find_if(begin, sorted.end(),
                                    [&](size_t m) { return next_token(m) != next_token(*begin); });
      parts.push_back({{begin, end}, branch.depth, branch.path});
      begin = end;
    }
    std::sort(parts.begin(), parts.end(), [](const Branch& a, const Branch& b) {
      return a.members.front() > b.members.front();
    });
    std::move(parts.begin(), parts.end(), std::back_inserter(waiting));
  }

  // Up to where all members agree.
  int64_t CommonEnd(const Branch& branch) const {
    const Sequence& first = sequences_[branch.members.front()];
    int64_t common = first.size();
    for (size_t member : branch.members) {
      const Sequence& other = sequences_[member];
      common = std::min(common, other.size());
      int64_t equal = branch.depth;
      while (equal < common && first[equal] == other[equal]) ++equal;
      common = equal;
    }
    return common;
  }

  // Appends tokens depth..end-1 of the `members`, which agree on them, as one segment, and notes whose reward or gate is
  // in it.
  RowRange AddSegment(const Branch& branch, const std::vector<size_t>& members, int64_t end) {
    const Sequence& source = sequences_[members.front()];
    const int64_t first_row = static_cast<int64_t>(batch_.ids.size());
    for (int64_t i = branch.depth; i < end; ++i) {
      batch_.ids.push_back(source[i]);
      batch_.positions.push_back(i);
    }
    const RowRange own = {first_row, static_cast<int64_t>(batch_.ids.size())};
    batch_.segments.push_back({own, branch.path});
    const auto holds = [&](int64_t at) { return branch.depth <= at && at < end; };
    const auto row_of = [&](int64_t at) { return first_row + at - branch.depth; };
    for (size_t member : members) {
      const Sequence& sequence = sequences_[member];
      if (holds(sequence.size() - 1)) batch_.reward_rows[member] = row_of(sequence.size() - 1);
      if (holds(sequence.gate_at)) batch_.gate_rows[member] = row_of(sequence.gate_at);
    }
    return own;
  }

  const std::vector<Sequence> sequences_;
  PackedBatch batch_;
};

}  // namespace

PackedBatch PackGroups(absl::Span<const PromptGroup> groups, bool share_prefixes) {
  TreePacker packer(SequencesOf(groups));
  return share_prefixes ? packer.PackShared() : packer.PackWhole();
}

}  // namespace assay
