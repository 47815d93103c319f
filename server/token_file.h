// server/token_file.h
// A file of hashed bearer tokens, and which tenant a presented token speaks for. One token a line:
//
//   # any comment
//   TENANT  SHA-256 of the token, 64 hex digits
//
// A tenant may have several tokens, so that one can be replaced while the other still holds. The
// hash needs no salt: tokens are random and long (tools/make_token.py), so that none can be guessed
// from it.
#ifndef ASSAY_SERVER_TOKEN_FILE_H_
#define ASSAY_SERVER_TOKEN_FILE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay {

// Immutable; thread-safe.
class TokenFile {
 public:
  // `name` stands for the file in errors.
  //   INVALID_ARGUMENT  a line that is not as above, or a hash that stands there twice, by number of
  //                     line; or no token at all: nobody could ask.
  static absl::StatusOr<TokenFile> Parse(absl::string_view text, absl::string_view name);

  // The tenant of `token`; nullopt: it is unknown. Looks at every entry in full, whatever it finds,
  // so that the time tells nothing about the hashes.
  std::optional<std::string> TenantOf(absl::string_view token) const;

  // Tokens in the file; at least 1.
  int64_t size() const { return static_cast<int64_t>(entries_.size()); }

 private:
  using Digest = std::array<uint8_t, 32>;
  struct Entry {
    std::string tenant;
    Digest digest;
  };

  explicit TokenFile(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  std::vector<Entry> entries_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_TOKEN_FILE_H_
