// model/sha256.h
// SHA-256 (FIPS 180-4) in lower-case hex: what the hashes in ModelInfo are made of. By OpenSSL,
// which uses the processor's SHA instructions.
#ifndef ASSAY_MODEL_SHA256_H_
#define ASSAY_MODEL_SHA256_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace assay {

// A digest fed piece by piece; where the pieces were cut does not matter. Thread-compatible;
// movable.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void Update(absl::string_view bytes);

  // The digest of everything fed so far; the second as 64 hex digits. Call one of them, once; feed
  // nothing after.
  std::array<uint8_t, 32> Digest();
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(absl::string_view bytes);

}  // namespace assay

#endif  // ASSAY_MODEL_SHA256_H_
