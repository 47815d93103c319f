#include "base/hash.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

// The first of SplitMix64's published sequence that begins with 0, and the second.
TEST(HashTest, SplitMix64GivesThePublishedSequence) {
  EXPECT_EQ(SplitMix64(0), 0xe220a8397b1dcdafu);
  EXPECT_EQ(SplitMix64(0x9e3779b97f4a7c15u), 0x6e789e6aa1b965f4u);
}

TEST(HashTest, ATextCountsWithItsLength) {
  TextHash one;
  one.Add("ab");
  TextHash two;
  two.Add("a");
  two.Add("b");
  TextHash by_hand;
  by_hand.Mix(2);
  EXPECT_NE(one.value(), two.value());
  EXPECT_NE(one.value(), by_hand.value());
  EXPECT_EQ(TextHash().value(), 0xcbf29ce484222325u);
}

}  // namespace
}  // namespace assay
