// base/hash.h
// Hashes that are the same on every machine and in every build. Not for secrets.
#ifndef ASSAY_BASE_HASH_H_
#define ASSAY_BASE_HASH_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace assay {

// Steele, Lea and Flood's SplitMix64 (2014): the next of a sequence whose every bit looks random.
inline uint64_t SplitMix64(uint64_t state) {
  uint64_t z = state + 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// FNV-1a, 64 bits, over texts, each with its length before it (8 bytes, the lowest first), so that
// no two lists of texts are the same bytes. Not thread-safe.
class TextHash {
 public:
  void Add(absl::string_view text) {
    Mix(text.size());
    for (const char c : text) Byte(static_cast<uint8_t>(c));
  }
  void Mix(uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) Byte(static_cast<uint8_t>(number >> shift));
  }
  uint64_t value() const { return hash_; }

 private:
  void Byte(uint8_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3u; }

  uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace assay

#endif  // ASSAY_BASE_HASH_H_
