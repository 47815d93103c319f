#include "server/token_file.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/tenant_name.h"

namespace assay {
namespace {

bool IsHash(absl::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace

absl::StatusOr<TokenFile> TokenFile::Parse(absl::string_view text, absl::string_view name) {
  std::vector<Entry> entries;
  std::map<Digest, int64_t> line_of;
  int64_t line = 0;
  // What a line holds is not repeated: a token itself may have been put there by mistake.
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(name, ", line ", line, ": ", why));
  };
  for (absl::string_view row : absl::StrSplit(text, '\n')) {
    ++line;
    row = absl::StripAsciiWhitespace(row);
    if (row.empty() || row[0] == '#') continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(row, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() != 2) return refuse("expected TENANT and HASH, as tools/make_token.py prints");
    if (!IsTenantName(words[0])) return refuse("the tenant is not 1 to 64 of [A-Za-z0-9._-]");
    if (!IsHash(words[1])) return refuse("the hash is not 64 hex digits, the SHA-256 of a token");
    Entry entry = {.tenant = std::string(words[0]), .digest = {}};
    const std::string bytes = absl::HexStringToBytes(words[1]);
    std::copy(bytes.begin(), bytes.end(), entry.digest.begin());
    const auto [first, is_new] = line_of.emplace(entry.digest, line);
    if (!is_new) return refuse(absl::StrCat("the same hash as on line ", first->second));
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": no token in it, so nobody could ask; tools/make_token.py makes one"));
  }
  return TokenFile(std::move(entries));
}

std::optional<std::string> TokenFile::TenantOf(absl::string_view token) const {
  Digest digest;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), digest.data());
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    const bool same = CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0;
    found = same ? &entry : found;
  }
  if (found == nullptr) return std::nullopt;
  return found->tenant;
}

}  // namespace assay
