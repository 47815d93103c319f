#include "server/conversation_key.h"

#include "absl/strings/str_cat.h"
#include "model/sha256.h"

namespace assay {
namespace {

void Feed(const TokenIds& tokens, Sha256& digest) {
  digest.Update({reinterpret_cast<const char*>(tokens.data()), tokens.size() * sizeof(TokenId)});
}

void Feed(int64_t number, Sha256& digest) {
  digest.Update({reinterpret_cast<const char*>(&number), sizeof(number)});
}

}  // namespace

std::string ScoringIdentity(const ModelInfo& info) {
  return absl::StrCat(info.revision, " ", info.dtype, " ", info.heads, " ", info.device);
}

ConversationKey KeyOf(absl::string_view identity, const TokenIds& prefix,
                      const EncodedResponse& response) {
  Sha256 digest;
  // Lengths go before what they measure, so that no two inputs run into the same bytes.
  Feed(static_cast<int64_t>(identity.size()), digest);
  digest.Update(identity);
  Feed(response.gate_at, digest);
  Feed(prefix, digest);
  Feed(response.tokens, digest);
  return digest.Digest();
}

}  // namespace assay
