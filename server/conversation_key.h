// server/conversation_key.h
// What a score depends on, in 32 bytes: conversations of equal keys have equal scores. A SHA-256,
// so that no two different conversations share one, not even on purpose.
#ifndef ASSAY_SERVER_CONVERSATION_KEY_H_
#define ASSAY_SERVER_CONVERSATION_KEY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "model/types.h"

namespace assay {

using ConversationKey = std::array<uint8_t, 32>;

struct ConversationKeyHash {
  // Its bytes are evenly spread already.
  size_t operator()(const ConversationKey& key) const {
    size_t hash;
    std::memcpy(&hash, key.data(), sizeof(hash));
    return hash;
  }
};

// What goes into every key of a server: the model's revision, and how it is computed.
std::string ScoringIdentity(const ModelInfo& info);

// Of one conversation of a group: all its token ids, wherever its prefix ends, the position of its
// gate, and `identity`, which is ScoringIdentity() or holds it.
ConversationKey KeyOf(absl::string_view identity, const TokenIds& prefix,
                      const EncodedResponse& response);

}  // namespace assay

#endif  // ASSAY_SERVER_CONVERSATION_KEY_H_
