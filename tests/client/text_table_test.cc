#include "client/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace assay::client {
namespace {

using Align = TextTable::Align;

TEST(TextTableTest, ColumnsAreAlignedAndTheTotalStandsUnderARule) {
  TextTable table({{"subset", Align::kLeft}, {"pairs"}});
  table.AddRow({"a", "1"});
  table.AddRow({"longer", "1,000"});
  table.AddRule();
  table.AddRow({"all", "1,001"});
  EXPECT_EQ(table.Render(),
            "subset  pairs\n"
            "-------------\n"
            "a           1\n"
            "longer  1,000\n"
            "-------------\n"
            "all     1,001\n");
}

TEST(TextTableTest, MissingCellsAreEmptyAndLeaveNoSpaceAtTheLinesEnd) {
  TextTable table({{"a", Align::kLeft}, {"b", Align::kLeft}});
  table.AddRow({"x"});
  EXPECT_EQ(table.Render(), "a  b\n----\nx\n");
}

TEST(TextTableTest, WidthIsThatOnATerminalNotThatInBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("\xC3\xA4"), 1);                  // a with diaeresis
  EXPECT_EQ(DisplayWidth("a\xCC\x88"), 1);                 // the same, decomposed
  EXPECT_EQ(DisplayWidth("\xE4\xB8\xAD\xE6\x96\x87"), 4);  // two Han characters
  EXPECT_EQ(DisplayWidth("\xF0\x9F\x98\x80"), 2);          // an emoji
  EXPECT_EQ(DisplayWidth("\xFF\xFE"), 2);                  // no UTF-8
  EXPECT_EQ(DisplayWidth(""), 0);
}

TEST(TextTableTest, WideTextKeepsTheColumnsInLine) {
  TextTable table({{"name", Align::kLeft}, {"n", Align::kLeft}});
  table.AddRow({"\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD", "1"});
  table.AddRow({"abcdef", "2"});
  for (const absl::string_view line : absl::StrSplit(table.Render(), '\n', absl::SkipEmpty())) {
    EXPECT_LE(DisplayWidth(line), 9);
    if (line.back() != '1' && line.back() != '2') continue;
    EXPECT_EQ(DisplayWidth(line), 9);
  }
}

}  // namespace
}  // namespace assay::client
