#include "model/packed_batch.h"

namespace assay {
namespace {

class Packer {
 public:
  // Appends `tokens`, whose first has position `position`.
  RowRange Append(const TokenIds& tokens, int64_t position) {
    const int64_t begin = static_cast<int64_t>(batch_.ids.size());
    for (TokenId id : tokens) {
      batch_.ids.push_back(id);
      batch_.positions.push_back(position++);
    }
    return {begin, static_cast<int64_t>(batch_.ids.size())};
  }

  void AddSegment(PackedSegment segment) { batch_.segments.push_back(segment); }

  // Notes where the heads read a response whose sequence lies in `prefix`, then `own`.
  void AddResponse(RowRange prefix, RowRange own, int64_t gate_at) {
    batch_.reward_rows.push_back(own.end - 1);
    if (gate_at < 0) return;
    const bool in_prefix = gate_at < prefix.size();
    batch_.gate_rows.push_back(in_prefix ? prefix.begin + gate_at
                                         : own.begin + gate_at - prefix.size());
  }

  PackedBatch Take() { return std::move(batch_); }

 private:
  PackedBatch batch_;
};

void PackShared(const PromptGroup& group, Packer& packer) {
  const RowRange prefix = packer.Append(group.prefix, 0);
  if (prefix.size() > 0) packer.AddSegment({.own = prefix, .prefix = {}});
  for (const EncodedResponse& response : group.responses) {
    const RowRange own = packer.Append(response.tokens, prefix.size());
    packer.AddSegment({.own = own, .prefix = prefix.size() > 0 ? prefix : RowRange{}});
    packer.AddResponse(prefix, own, response.gate_at);
  }
}

void PackWhole(const PromptGroup& group, Packer& packer) {
  for (const EncodedResponse& response : group.responses) {
    const RowRange head = packer.Append(group.prefix, 0);
    const RowRange tail = packer.Append(response.tokens, head.size());
    const RowRange whole = {head.begin, tail.end};
    packer.AddSegment({.own = whole, .prefix = {}});
    packer.AddResponse({}, whole, response.gate_at);
  }
}

}  // namespace

PackedBatch PackGroups(absl::Span<const PromptGroup> groups, bool share_prefixes) {
  Packer packer;
  for (const PromptGroup& group : groups) {
    // Sharing one prefix with nobody would only cost a segment.
    if (share_prefixes && group.responses.size() > 1) {
      PackShared(group, packer);
    } else {
      PackWhole(group, packer);
    }
  }
  return packer.Take();
}

}  // namespace assay
