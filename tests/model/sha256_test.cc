#include "model/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace assay {
namespace {

// Source of the values: FIPS 180-4's example files and the empty message.
TEST(Sha256Test, GivesThePublishedDigests) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, WhereTheInputWasCutDoesNotMatter) {
  std::string text;
  for (int i = 0; i < 200; ++i) text.push_back(static_cast<char>(i));
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 first;
    first.Update(absl::string_view(text).substr(0, cut));
    Sha256 moved = std::move(first);
    moved.Update(absl::string_view(text).substr(cut));
    ASSERT_EQ(moved.HexDigest(), Sha256Hex(text)) << cut;
  }
}

}  // namespace
}  // namespace assay
