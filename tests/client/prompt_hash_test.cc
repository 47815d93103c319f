#include "client/prompt_hash.h"

#include <gtest/gtest.h>

namespace assay::client {
namespace {

// The values are those of another program after the header's words.
TEST(PromptHashTest, AnybodyCanComputeIt) {
  EXPECT_EQ(PromptHash({}), 0xcbf29ce484222325u);
  EXPECT_EQ(PromptHash({{"user", "Name a prime."}}), 0xc54ab182bebb8d3eu);
  EXPECT_EQ(PromptHash({{"system", "Be brief."},
                        {"user",
                         "Gr\xC3\xBC\xC3\x9F"
                         "e"}}),
            0x3c3bceca29e5b5b3u);
}

TEST(PromptHashTest, TextsCutElsewhereAreOtherPrompts) {
  EXPECT_NE(PromptHash({{"user", "ab"}}), PromptHash({{"usera", "b"}}));
  EXPECT_NE(PromptHash({{"a", "b"}, {"c", "d"}}), PromptHash({{"a", "bcd"}}));
  EXPECT_NE(PromptHash({{"user", "a"}}), PromptHash({{"user", "a"}, {"", ""}}));
}

TEST(PromptHashTest, ItsTextHasSixteenDigitsWhateverItsSize) {
  EXPECT_EQ(PromptHashText(0), "0000000000000000");
  EXPECT_EQ(PromptHashText(0xabc), "0000000000000abc");
  EXPECT_EQ(PromptHashText(~uint64_t{0}), "ffffffffffffffff");
}

}  // namespace
}  // namespace assay::client
