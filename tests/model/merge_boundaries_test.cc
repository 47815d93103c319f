#include "model/merge_boundaries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assay {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Parts(const MergeBoundaries& boundaries, absl::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t bytes = boundaries.FirstPart(text);
    parts.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return parts;
}

MergeBoundaries Words() {
  MergeBoundaries boundaries;
  for (const char32_t rune : U"▁ab,é中") {
    if (rune != 0) boundaries.AddCharacter(rune);
  }
  boundaries.AddMerge("▁", "▁");
  boundaries.AddMerge("▁", "a");
  boundaries.AddMerge("▁a", "b");
  boundaries.AddMerge("a", "é");
  return boundaries;
}

TEST(MergeBoundariesTest, NothingIsCutWhereNoCharacterIsKnown) {
  EXPECT_THAT(Parts(MergeBoundaries(), "a▁b,,中"), ElementsAre("a▁b,,中"));
}

TEST(MergeBoundariesTest, ACharacterThatJoinsOnlyItselfBeginsAPart) {
  EXPECT_THAT(Parts(Words(), "ab▁▁ab▁ab"), ElementsAre("ab", "▁▁ab", "▁ab"));
  EXPECT_THAT(Parts(Words(), "é中é中中"), ElementsAre("é", "中é", "中中"));
}

TEST(MergeBoundariesTest, AsciiCharactersAreCutWhereNoMergeJoinsThem) {
  EXPECT_THAT(Parts(Words(), "abba,,"), ElementsAre("ab", "b", "a", ",", ","));
}

TEST(MergeBoundariesTest, ACharacterThatSomeMergeJoinsToAnotherStaysWithWhatIsBeforeIt) {
  // Only a joins é, and b does not; that is not looked into beyond ASCII.
  EXPECT_THAT(Parts(Words(), "abé,"), ElementsAre("abé", ","));
}

TEST(MergeBoundariesTest, NoCutIsBeforeACharacterThatIsNotKnown) {
  EXPECT_THAT(Parts(Words(), "a?;a文\xFF"), ElementsAre("a?;", "a文\xFF"));
}

}  // namespace
}  // namespace assay
